#include "ingest/distribution.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/columns.hpp"

namespace gemel::ingest {
namespace {

using testing::ElementsAre;

TEST(DistributionTest, OfAFewByHand) {
  auto world = mpi::Communicator::world();
  const std::vector<std::int64_t> all = {3, 0, 1, 9, 1, 4, 5, 0, 1, 2};
  const Distribution few = distribution_of(block_of(all, world), world);
  EXPECT_EQ(few.things, 10);
  EXPECT_EQ(few.with_none, 2);
  EXPECT_EQ(few.with_one, 3);
  // Sorted: 0 0 1 1 1 2 3 4 5 9; the 3rd, 5th, 8th and 9th.
  EXPECT_THAT(few.quantiles, ElementsAre(0, 1, 1, 4, 5, 9, 9));
  EXPECT_THAT(few.bins, ElementsAre(CountBin{0, 0, 2}, CountBin{1, 1, 3}, CountBin{2, 3, 2},
                                    CountBin{4, 7, 2}, CountBin{8, 15, 1}));
  EXPECT_EQ(few.greatest(), 9);
}

TEST(DistributionTest, BinsBeginAtTheLeastAndEmptyOnesBetweenStay) {
  auto world = mpi::Communicator::world();
  const Distribution two = distribution_of(block_of<std::int64_t>({5, 20, 5}, world), world);
  EXPECT_THAT(two.bins, ElementsAre(CountBin{4, 7, 2}, CountBin{8, 15, 0}, CountBin{16, 31, 1}));
}

TEST(DistributionTest, QuantilesAreThoseOfTheSortedCounts) {
  auto world = mpi::Communicator::world();
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < 1237; ++i) all.push_back(i * i % 7919);
  const Distribution many = distribution_of(block_of(all, world), world);
  std::ranges::sort(all);
  for (std::size_t i = 0; i < quantile_shares.size(); ++i) {
    const double place = std::ceil(1237.0 * static_cast<double>(quantile_shares[i]) / 1000);
    EXPECT_EQ(many.quantiles[i], all[static_cast<std::size_t>(std::max(1.0, place)) - 1]);
  }
}

}  // namespace
}  // namespace gemel::ingest
