#include "exchange/exact_sum.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "mpi/communicator.hpp"
#include "support/lanes.hpp"

namespace gemel::exchange {
namespace {

constexpr std::size_t count = 5000;

/// Numbers of very different sizes, of which sums of doubles depend on the order.
std::vector<double> numbers() {
  std::vector<double> result;
  for (std::size_t i = 0; i < count; ++i) {
    const auto size = static_cast<int>(20 * test::number(2, i));
    result.push_back(std::ldexp(1.0 + test::number(1, i), size));
  }
  return result;
}

double plain_sum(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

/// The share of rank `rank` when the numbers are dealt out to `ranks` ranks.
std::vector<double> share(int ranks, int rank) {
  std::vector<double> result;
  const std::vector<double> all = numbers();
  for (std::size_t i = 0; i < all.size(); ++i) {
    // Unevenly: the last rank has half of them.
    const int owner = i % 2 == 0 ? ranks - 1 : static_cast<int>(i / 2 % static_cast<std::size_t>(ranks));
    if (owner == rank) result.push_back(all[i]);
  }
  return result;
}

TEST(ExactSum, IsTheSum) {
  const double truth = plain_sum(numbers());
  EXPECT_NEAR(exact_sum(numbers()), truth, 1e-9 * truth);
  EXPECT_EQ(exact_sum(std::vector<double>{0.25, 3.0, 1e6}), 1000003.25);
  EXPECT_EQ(exact_sum(std::vector<double>{5e-324, 5e-324}), 1e-323);
  EXPECT_EQ(exact_sum(std::vector<double>{8e307}), 8e307);
}

TEST(ExactSum, DoesNotDependOnTheOrder) {
  std::vector<double> values = numbers();
  const double sum = exact_sum(values);
  const double plain = plain_sum(values);
  std::sort(values.begin(), values.end());
  EXPECT_EQ(exact_sum(values), sum);
  EXPECT_NE(plain_sum(values), plain);  // so the numbers can tell
}

TEST(ExactSum, DoesNotDependOnWhichRankHasWhat) {
  auto world = mpi::Communicator::world();
  const double sum = exact_sum(numbers());
  EXPECT_EQ(exact_sum(share(world.size(), world.rank()), world), sum);
  EXPECT_EQ(exact_sum(world.is_root() ? numbers() : std::vector<double>(), world), sum);
}

TEST(ExactSum, OfNothingAndOfZerosIsZero) {
  auto world = mpi::Communicator::world();
  EXPECT_EQ(exact_sum({}, world), 0.0);
  EXPECT_EQ(exact_sum(std::vector<double>(3, 0.0), world), 0.0);
}

TEST(ExactSum, IsInfiniteEverywhereWhenANumberOfOneRankIsNotFinite) {
  auto world = mpi::Communicator::world();
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    std::vector<double> values = {1.0, 2.0};
    if (world.rank() == world.size() - 1) values.insert(values.begin() + 1, bad);
    EXPECT_EQ(exact_sum(values, world), std::numeric_limits<double>::infinity());
  }
}

}  // namespace
}  // namespace gemel::exchange
