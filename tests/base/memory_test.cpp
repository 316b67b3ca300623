#include "gemel/base/memory.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace gemel::base {
namespace {

TEST(MemoryTest, KnowsWhatTheProcessHas) {
  const std::int64_t before = resident_memory();
  std::vector<char> block(std::size_t{64} << 20, 1);
  EXPECT_GE(resident_memory() - before, std::int64_t{60} << 20);
  EXPECT_GE(peak_memory(), resident_memory());
  EXPECT_LT(peak_memory(), std::int64_t{4} << 30);
  EXPECT_EQ(block[12345], 1);
}

TEST(MemoryTest, KnowsWhatTheMachineHasLeft) {
  EXPECT_GT(available_memory(), std::int64_t{16} << 20);
  EXPECT_LT(available_memory(), std::int64_t{1} << 46);
}

}  // namespace
}  // namespace gemel::base
