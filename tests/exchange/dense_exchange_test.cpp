#include "gemel/exchange/dense_exchange.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "gemel/mpi/communicator.hpp"
#include "support/lanes.hpp"
#include "support/sent_bytes.hpp"

namespace gemel::exchange {
namespace {

tensor::Matrix own_lanes(const LanePlan& plan, std::size_t size) {
  tensor::Matrix lanes(static_cast<std::size_t>(plan.lanes.size()), size);
  for (std::size_t lane = 0; lane < lanes.rows(); ++lane) {
    for (std::size_t i = 0; i < size; ++i) {
      lanes(lane, i) = test::number(lane + static_cast<std::size_t>(plan.lanes.first), i);
    }
  }
  return lanes;
}

void expect_tree_sum(int lanes, std::size_t size) {
  auto world = mpi::Communicator::world();
  const LanePlan plan(lanes, world.size(), world.rank());
  DenseExchange exchange(plan, world, size);
  for (int repetition = 0; repetition < 2; ++repetition) {  // the second uses memory of the first
    tensor::Matrix own = own_lanes(plan, size);
    const auto sum = exchange.all_reduce(own.view());
    ASSERT_EQ(sum.size(), size);
    for (std::size_t i = 0; i < size; ++i) {
      const float expected =
          test::tree_sum(0, lanes, [&](int lane) { return test::number(static_cast<std::size_t>(lane), i); });
      EXPECT_EQ(sum[i], expected) << "element " << i;
    }
  }
}

TEST(DenseExchange, GivesEveryRankTheBitsOfTheLaneTree) {
  expect_tree_sum(8, 1);
  expect_tree_sum(8, 1000);
  expect_tree_sum(8, 40000);  // too large for recursive doubling
  expect_tree_sum(11, 501);
}

TEST(DenseExchange, LargeBuffersMoveTwiceTheirSizeButForTheOwnShare) {
  auto world = mpi::Communicator::world();
  const LanePlan plan(8, world.size(), world.rank());
  const std::int64_t ranks = world.size();
  constexpr std::size_t size = 840 * 64;  // divisible by every number of ranks up to 8
  DenseExchange exchange(plan, world, size);
  tensor::Matrix own = own_lanes(plan, size);
  EXPECT_FALSE(exchange.doubles());
  const std::int64_t before = test::sent_bytes();
  exchange.all_reduce(own.view());
  const auto subtrees = static_cast<std::int64_t>(plan.subtrees.size());
  // Reduce: the other ranks' segments of each own subtree. Gather: the own segment to each other rank.
  const std::int64_t segment = static_cast<std::int64_t>(size * sizeof(float)) / ranks;
  EXPECT_EQ(test::sent_bytes() - before, subtrees * segment * (ranks - 1) + segment * (ranks - 1));
  if (subtrees == 1) {
    EXPECT_EQ(test::sent_bytes() - before, 2 * static_cast<std::int64_t>(size) * 4 * (ranks - 1) / ranks);
  }
}

TEST(DenseExchange, SmallBuffersGoByRecursiveDoublingOnPowersOfTwo) {
  auto world = mpi::Communicator::world();
  const LanePlan plan(8, world.size(), world.rank());
  constexpr std::size_t size = 1000;
  DenseExchange exchange(plan, world, size);
  const bool power_of_two = (world.size() & (world.size() - 1)) == 0;
  EXPECT_EQ(exchange.doubles(), power_of_two);
  if (!power_of_two) return;
  std::int64_t rounds = 0;
  while (1 << rounds < world.size()) ++rounds;
  tensor::Matrix own = own_lanes(plan, size);
  const std::int64_t before = test::sent_bytes();
  exchange.all_reduce(own.view());
  EXPECT_EQ(test::sent_bytes() - before, rounds * static_cast<std::int64_t>(size) * 4);
}

TEST(DenseExchange, TheCommunicatorCountsWhatMpiIsGiven) {
  auto world = mpi::Communicator::world();
  const LanePlan plan(8, world.size(), world.rank());
  DenseExchange exchange(plan, world, 50000);
  tensor::Matrix own = own_lanes(plan, 50000);
  const std::int64_t before = test::sent_bytes();
  const std::int64_t counted_before = world.bytes_sent();
  exchange.all_reduce(own.view());
  EXPECT_EQ(world.bytes_sent() - counted_before, test::sent_bytes() - before);
}

}  // namespace
}  // namespace gemel::exchange
