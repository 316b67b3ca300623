#include "exchange/dense_exchange.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <vector>

#include "mpi/communicator.hpp"
#include "support/lanes.hpp"
#include "support/sent_bytes.hpp"

namespace gemel::exchange {
namespace {

tensor::Matrix own_lanes(const LaneLayout& layout, std::size_t size) {
  tensor::Matrix lanes(static_cast<std::size_t>(layout.lanes.size()), size);
  for (std::size_t lane = 0; lane < lanes.rows(); ++lane) {
    for (std::size_t i = 0; i < size; ++i) {
      lanes(lane, i) = test::number(lane + static_cast<std::size_t>(layout.lanes.first), i);
    }
  }
  return lanes;
}

std::span<const float> all_reduce(DenseExchange& exchange, tensor::MatrixView lanes) {
  exchange.start(lanes);
  exchange.advance();
  return exchange.finish();
}

void expect_tree_sum(int lanes, std::size_t size, bool doubles) {
  auto world = mpi::Communicator::world();
  const LaneLayout layout(lanes, world.size(), world.rank());
  DenseExchange exchange(layout, world, size, doubles);
  for (int repetition = 0; repetition < 2; ++repetition) {  // the second uses memory of the first
    tensor::Matrix own = own_lanes(layout, size);
    const auto sum = all_reduce(exchange, own.view());
    ASSERT_EQ(sum.size(), size);
    for (std::size_t i = 0; i < size; ++i) {
      const float expected =
          test::tree_sum(0, lanes, [&](int lane) { return test::number(static_cast<std::size_t>(lane), i); });
      EXPECT_EQ(sum[i], expected) << "element " << i;
    }
  }
}

TEST(DenseExchange, GivesEveryRankTheBitsOfTheLaneTree) {
  const auto ranks = static_cast<unsigned>(mpi::Communicator::world().size());
  for (const std::size_t size : {1UL, 1000UL, 40000UL}) {
    expect_tree_sum(8, size, false);
    if (std::has_single_bit(ranks)) expect_tree_sum(8, size, true);
  }
  expect_tree_sum(11, 501, false);
}

/// Bytes that this rank sends to sum `size` floats. Collective.
std::int64_t bytes_of_sum(std::size_t size, bool doubles) {
  auto world = mpi::Communicator::world();
  const LaneLayout layout(8, world.size(), world.rank());
  DenseExchange exchange(layout, world, size, doubles);
  tensor::Matrix own = own_lanes(layout, size);
  const std::int64_t before = test::sent_bytes();
  all_reduce(exchange, own.view());
  return test::sent_bytes() - before;
}

TEST(DenseExchange, SegmentsMoveTwiceTheirSizeButForTheOwnShare) {
  auto world = mpi::Communicator::world();
  const std::int64_t ranks = world.size();
  for (const std::size_t size : {840UL, 840UL * 64}) {  // divisible by every number of ranks up to 8
    const auto subtrees =
        static_cast<std::int64_t>(LaneLayout(8, world.size(), world.rank()).subtrees.size());
    // Reduce: the other ranks' segments of each own subtree. Gather: the own segment to each other rank.
    const std::int64_t segment = static_cast<std::int64_t>(size * sizeof(float)) / ranks;
    const std::int64_t sent = bytes_of_sum(size, false);
    EXPECT_EQ(sent, (subtrees + 1) * segment * (ranks - 1));
    if (!doubles_recursively(8, world.size(), size)) {
      EXPECT_EQ(dense_exchange_bytes(8, world.size(), static_cast<double>(subtrees), size), sent);
    }
    if (subtrees == 1) {
      EXPECT_EQ(sent, 2 * static_cast<std::int64_t>(size) * 4 * (ranks - 1) / ranks);
    }
  }
}

TEST(DenseExchange, DoublingMovesTheBufferOnceARound) {
  const int ranks = mpi::Communicator::world().size();
  constexpr std::size_t size = 1000;
  const bool can_double = std::has_single_bit(static_cast<unsigned>(ranks));
  EXPECT_TRUE(can_double || !doubles_recursively(8, ranks, size));
  if (!can_double) return;
  const std::int64_t rounds = std::countr_zero(static_cast<unsigned>(ranks));
  EXPECT_EQ(bytes_of_sum(size, true), rounds * static_cast<std::int64_t>(size) * 4);
  if (doubles_recursively(8, ranks, size)) {
    EXPECT_EQ(dense_exchange_bytes(8, ranks, 1, size), rounds * static_cast<std::int64_t>(size) * 4);
  }
}

TEST(DenseExchange, DoublesSmallBuffersWhereThatTakesFewRoundsOrManyRanks) {
  constexpr std::size_t small = DenseExchange::small_bytes / sizeof(float);
  EXPECT_TRUE(doubles_recursively(8, 2, small));
  EXPECT_TRUE(doubles_recursively(64, 4, small));
  EXPECT_TRUE(doubles_recursively(64, 64, small));
  EXPECT_TRUE(doubles_recursively(8, 1, small + 1)) << "no round at all";
  EXPECT_FALSE(doubles_recursively(8, 8, small)) << "three rounds, where segments take two";
  EXPECT_FALSE(doubles_recursively(8, 3, small)) << "not the tree's order";
  EXPECT_FALSE(doubles_recursively(6, 2, small)) << "not the tree's order";
  EXPECT_FALSE(doubles_recursively(8, 2, small + 1));
}

TEST(DenseExchange, TheCommunicatorCountsWhatMpiIsGiven) {
  auto world = mpi::Communicator::world();
  const LaneLayout layout(8, world.size(), world.rank());
  DenseExchange exchange(layout, world, 50000);
  tensor::Matrix own = own_lanes(layout, 50000);
  const std::int64_t before = test::sent_bytes();
  const std::int64_t counted_before = world.bytes_sent();
  all_reduce(exchange, own.view());
  EXPECT_EQ(world.bytes_sent() - counted_before, test::sent_bytes() - before);
}

}  // namespace
}  // namespace gemel::exchange
