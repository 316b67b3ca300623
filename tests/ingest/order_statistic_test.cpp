#include "ingest/order_statistic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "support/columns.hpp"

namespace gemel::ingest {
namespace {

using Limits = std::numeric_limits<std::int64_t>;

/// Every order statistic of `all`, of which each rank has a block, is that of the sorted numbers.
void expect_statistics(const std::vector<std::int64_t>& all) {
  auto world = mpi::Communicator::world();
  std::vector<std::int64_t> own;
  for (const std::int64_t number : block_of(all, world)) own.push_back(number);
  std::vector<std::int64_t> sorted_own = own;
  std::ranges::sort(sorted_own);
  std::vector<std::int64_t> sorted = all;
  std::ranges::sort(sorted);
  for (std::size_t count = 1; count <= all.size(); ++count) {
    EXPECT_EQ(select_kth(own, static_cast<std::int64_t>(count), world), sorted[count - 1]);
    EXPECT_EQ(kth_smallest(sorted_own, static_cast<std::int64_t>(count), world), sorted[count - 1]);
  }
}

TEST(OrderStatistic, IsThatOfAllRanksNumbers) {
  expect_statistics({5});
  expect_statistics({3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5});
  expect_statistics({7, 7, 7, 7, 7});
  expect_statistics({-1, 0, 1, -70'000, 70'000, 65'535, 65'536, 65'537});
}

TEST(OrderStatistic, IsExactAtTheEndsOfTheRange) {
  expect_statistics({Limits::min(), Limits::max()});
  expect_statistics({Limits::max(), Limits::min(), 0, -1, Limits::max() - 1, Limits::min() + 1});
  expect_statistics({Limits::max(), Limits::max() - 1, Limits::max() - 65'536});
}

TEST(OrderStatistic, IsThatOfManyNumbersInAFewHeaps) {
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < 200; ++i) all.push_back(i % 7 * (std::int64_t{1} << 40) + i * i % 23);
  expect_statistics(all);
}

}  // namespace
}  // namespace gemel::ingest
