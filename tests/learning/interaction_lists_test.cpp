#include "learning/interaction_lists.hpp"

#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "mpi/communicator.hpp"
#include "support/lanes.hpp"

namespace gemel::learning {
namespace {

constexpr std::int64_t rows = 57;
constexpr std::uint64_t pairs = 900;

std::uint32_t draw(std::uint64_t stream, std::uint64_t index, std::uint32_t bound) {
  return static_cast<std::uint32_t>((test::number(stream, index) + 1.0F) / 2.0F * static_cast<float>(bound));
}

float weight(std::uint64_t pair) {
  return test::number(9, pair) + 1.5F;
}

Interactions own_pairs(const mpi::Communicator& world, bool has_weights) {
  Interactions own;
  for (std::uint64_t pair = static_cast<std::uint64_t>(world.rank()); pair < pairs;
       pair += static_cast<std::uint64_t>(world.size())) {
    own.rows.push_back(draw(1, pair, rows / 2) * 2);  // none of odd rows
    own.columns.push_back(draw(2, pair, 40));
    if (has_weights) own.weights.push_back(weight(pair));
  }
  return own;
}

TEST(BalancedBlocks, CoverAllRowsAndShareTheWork) {
  mpi::Communicator world = mpi::Communicator::world();
  const Interactions own = own_pairs(world, false);
  const std::vector<std::int64_t> blocks = balanced_blocks(own, rows, 2, world);
  ASSERT_EQ(blocks.size(), static_cast<std::size_t>(world.size()) + 1);
  EXPECT_EQ(blocks.front(), 0);
  EXPECT_EQ(blocks.back(), rows);
  for (std::size_t i = 0; i + 1 < blocks.size(); ++i) EXPECT_LE(blocks[i], blocks[i + 1]);
  const InteractionLists lists(own, blocks, world);
  const double work = static_cast<double>(pairs + 2 * rows) / world.size();
  double mine = 2 * static_cast<double>(lists.rows().size());
  for (std::uint64_t pair = 0; pair < pairs; ++pair)
    mine += lists.rows().contains(draw(1, pair, rows / 2) * 2) ? 1 : 0;
  EXPECT_NEAR(mine, work, 60);  // a row has up to 50
}

TEST(BalancedBlocks, AreEmptyWhereThereAreFewerRowsThanRanks) {
  mpi::Communicator world = mpi::Communicator::world();
  Interactions own;
  if (world.is_root()) own = {{0, 1, 1}, {5, 5, 6}, {}};
  const std::vector<std::int64_t> blocks = balanced_blocks(own, 2, 1, world);
  const InteractionLists lists(own, blocks, world);
  EXPECT_EQ(world.sum(static_cast<std::int64_t>(lists.pairs())), 3);
}

TEST(InteractionLists, HaveEachPairOnceInOrderWithAllItsWeight) {
  mpi::Communicator world = mpi::Communicator::world();
  for (const bool has_weights : {false, true}) {
    std::map<std::pair<std::int64_t, std::uint32_t>, double> truth;
    for (std::uint64_t pair = 0; pair < pairs; ++pair)
      truth[{draw(1, pair, rows / 2) * 2, draw(2, pair, 40)}] +=
          has_weights ? static_cast<double>(weight(pair)) : 1;
    const Interactions own = own_pairs(world, has_weights);
    const InteractionLists lists(own, balanced_blocks(own, rows, 2, world), world);
    std::size_t found = 0;
    for (std::int64_t row = lists.rows().first; row < lists.rows().last; ++row) {
      const auto columns = lists.columns(row);
      for (std::size_t i = 0; i < columns.size(); ++i, ++found) {
        if (i > 0) {
          EXPECT_LT(columns[i - 1], columns[i]);
        }
        ASSERT_TRUE(truth.contains({row, columns[i]}));
        EXPECT_NEAR(static_cast<double>(lists.weights(row)[i]), (truth[{row, columns[i]}]), 1e-5);
      }
    }
    EXPECT_EQ(world.sum(static_cast<std::int64_t>(found)), static_cast<std::int64_t>(truth.size()));
  }
}

}  // namespace
}  // namespace gemel::learning
