#include "base/radix_sort.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace gemel::base {
namespace {

TEST(SortByUpperHalf, AgreesWithAStableSort) {
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> spare;
  for (const std::uint64_t largest : {1ULL, 200ULL, 256ULL, 70000ULL, (1ULL << 32) - 1}) {
    for (const std::size_t size : {0U, 1U, 2U, 100U, 3000U}) {
      std::vector<std::uint64_t> keys(size);
      for (std::uint64_t& key : keys) key = (random() % (largest + 1)) << 32 | (random() & 0xffffffffULL);
      std::vector<std::uint64_t> expected = keys;
      std::ranges::stable_sort(expected, {}, [](std::uint64_t key) { return key >> 32; });
      sort_by_upper_half(keys, spare);
      EXPECT_EQ(keys, expected) << size << " keys up to " << largest;
    }
  }
}

}  // namespace
}  // namespace gemel::base
