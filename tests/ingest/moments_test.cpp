#include "ingest/moments.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "support/columns.hpp"

namespace gemel::ingest {
namespace {

Moments of(const std::vector<std::int64_t>& all) {
  auto world = mpi::Communicator::world();
  return moments(block_of(all, world), world);
}

TEST(Moments, OfOneToN) {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 1; i <= 10'001; ++i) values.push_back(i);
  EXPECT_EQ(of(values).mean, 5001.0);
  EXPECT_EQ(of(values).deviation,
            std::sqrt((10'001.0 * 10'001.0 - 1) / 12));  // of the discrete uniform distribution
}

TEST(Moments, AreExactWhereDoublesAreNot) {
  // In doubles, the squares of these would swallow the differences.
  const std::int64_t big = 4'000'000'000'000'000'000;
  EXPECT_EQ(of({big - 1, big + 1, big - 1, big + 1}).mean, 4e18);
  EXPECT_EQ(of({big - 1, big + 1, big - 1, big + 1}).deviation, 1.0);
}

TEST(Moments, OfTheExtremes) {
  using Limits = std::numeric_limits<std::int64_t>;
  const Moments extremes = of({Limits::min(), Limits::max()});
  EXPECT_EQ(extremes.mean, -0.5);
  EXPECT_EQ(extremes.deviation, 0x1p63);
}

TEST(Moments, AreRoundedOnce) {
  EXPECT_EQ(of({0, 0, 1}).mean, 1.0 / 3.0);
  EXPECT_EQ(of({0, 0, 1}).deviation, std::sqrt(2.0 / 9.0));
}

TEST(Moments, OfEqualNumbersAndOfNone) {
  EXPECT_EQ(of({-7, -7, -7}).mean, -7.0);
  EXPECT_EQ(of({-7, -7, -7}).deviation, 0.0);
  EXPECT_EQ(of({}).deviation, 0.0);
}

}  // namespace
}  // namespace gemel::ingest
