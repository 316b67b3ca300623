#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "exchange/row_fetch.hpp"
#include "exchange/row_request.hpp"
#include "exchange/sharded_row_exchange.hpp"
#include "mpi/communicator.hpp"
#include "support/lane_rows.hpp"
#include "support/sent_bytes.hpp"

namespace gemel::exchange {
namespace {

constexpr int lanes = 8;

TEST(RowBlocksTest, TileTheRowsInRankOrderAndKnowTheOwner) {
  for (const std::int64_t rows : {0, 1, 3, 8, 29, 1000}) {
    for (const int ranks : {1, 2, 3, 7, 8, 64}) {
      const RowBlocks blocks(rows, ranks);
      std::int64_t next = 0;
      for (int rank = 0; rank < ranks; ++rank) {
        EXPECT_EQ(blocks.block(rank).first, next);
        for (; next < blocks.block(rank).last; ++next) EXPECT_EQ(blocks.owner(next), rank);
      }
      EXPECT_EQ(next, rows);
    }
  }
}

/// The value of an element of a table.
float weight(std::size_t table, std::int64_t row, std::size_t column) {
  return test::number(70 + table, static_cast<std::uint64_t>(row) * 64 + column);
}

/// Tables of 57, 203 and 3 rows, so that on 8 ranks some blocks of the last one are empty. Table 1 of the model is not sharded.
struct Fixture {
  mpi::Communicator world = mpi::Communicator::world();
  LaneLayout layout{lanes, world.size(), world.rank()};
  std::vector<ShardedTable> tables = {
      {0, {57, world.size()}, 5}, {2, {203, world.size()}, 32}, {3, {3, world.size()}, 1}};
  RowRequest request{world, tables, layout.subtree_counts};
  RowFetch fetch{world};
  ShardedRowExchange exchange{layout, world};

  void ask() {
    for (std::size_t part = 0; part < layout.subtrees.size(); ++part) {
      for (std::size_t table = 0; table < tables.size(); ++table) {
        std::set<std::int64_t> rows;
        for (std::size_t lane = layout.subtrees[part].first; lane < layout.subtrees[part].last; ++lane) {
          for (std::int64_t row = 0; row < tables[table].blocks.rows(); ++row) {
            if (test::touches(table, layout.lanes.first + static_cast<int>(lane), row)) rows.insert(row);
          }
        }
        request.wanted(part, table).assign(rows.begin(), rows.end());
      }
    }
    request.start();
    request.finish();
  }

  void run_fetch() {
    std::vector<tensor::Matrix> blocks;
    for (std::size_t table = 0; table < tables.size(); ++table) {
      const RowRange own = tables[table].blocks.block(world.rank());
      tensor::Matrix& block = blocks.emplace_back(static_cast<std::size_t>(own.size()), tables[table].dim);
      for (std::size_t i = 0; i < block.rows(); ++i) {
        for (std::size_t column = 0; column < block.cols(); ++column) {
          block(i, column) = weight(table, own.first + static_cast<std::int64_t>(i), column);
        }
      }
    }
    std::vector<tensor::ConstMatrixView> held;
    for (const tensor::Matrix& block : blocks) held.push_back(block.view());
    fetch.start(request, held);
    fetch.finish();
  }

  std::vector<std::vector<RowGradient>> gradients() {
    std::vector<std::vector<RowGradient>> all;
    for (int lane = layout.lanes.first; lane < layout.lanes.last; ++lane) {
      auto& of_lane = all.emplace_back(4);
      for (std::size_t table = 0; table < tables.size(); ++table) {
        of_lane[tables[table].index] =
            test::lane_gradient(table, lane, tables[table].blocks.rows(), tables[table].dim);
      }
    }
    return all;
  }

  /// Rows that this rank wants of other ranks, times their width when `by_dim`.
  std::int64_t wanted_of_others(bool by_dim) {
    std::int64_t count = 0;
    for (std::size_t part = 0; part < request.own_parts(); ++part) {
      for (std::size_t table = 0; table < tables.size(); ++table) {
        for (const std::int64_t row : request.wanted(part, table)) {
          if (tables[table].blocks.owner(row) == world.rank()) continue;
          count += by_dim ? static_cast<std::int64_t>(tables[table].dim) : 1;
        }
      }
    }
    return count;
  }
};

TEST(RowFetchTest, BringsEveryWantedRowFromItsOwner) {
  Fixture fixture;
  for (int repetition = 0; repetition < 2; ++repetition) {
    fixture.ask();
    fixture.run_fetch();
    for (std::size_t part = 0; part < fixture.request.own_parts(); ++part) {
      for (std::size_t table = 0; table < fixture.tables.size(); ++table) {
        const ReachableRows rows = fixture.fetch.rows(fixture.request, part, table);
        for (const std::int64_t row : std::as_const(fixture.request).wanted(part, table)) {
          ASSERT_EQ(rows[row].size(), fixture.tables[table].dim);
          for (std::size_t i = 0; i < rows[row].size(); ++i) EXPECT_EQ(rows[row][i], weight(table, row, i));
        }
      }
    }
  }
}

TEST(ShardedRowExchangeTest, OwnersGetTheSumOverAllLanesInTheOrderOfTheTree) {
  Fixture fixture;
  for (int repetition = 0; repetition < 2; ++repetition) {
    fixture.ask();
    const auto gradients = fixture.gradients();
    fixture.exchange.start(fixture.request, gradients);
    fixture.exchange.finish();
    for (std::size_t table = 0; table < fixture.tables.size(); ++table) {
      const RowRange own = fixture.tables[table].blocks.block(fixture.world.rank());
      std::int64_t next = own.first;
      fixture.exchange.for_each_row(table, [&](std::int64_t row, std::span<const float> gradient) {
        for (; next < row; ++next) EXPECT_FALSE(test::row_sum(0, lanes, table, next, 0)) << "no row " << next;
        next = row + 1;
        for (std::size_t column = 0; column < gradient.size(); ++column) {
          const auto expected = test::row_sum(0, lanes, table, row, column);
          ASSERT_TRUE(expected) << "row " << row << " was not touched";
          EXPECT_EQ(gradient[column], *expected);
          EXPECT_EQ(std::signbit(gradient[column]), std::signbit(*expected)) << "row " << row;
        }
      });
      for (; next < own.last; ++next) EXPECT_FALSE(test::row_sum(0, lanes, table, next, 0));
    }
  }
}

TEST(ShardedRowExchangeTest, MovesTheBytesOfTheFormula) {
  Fixture fixture;
  const std::int64_t others = fixture.world.size() - 1;
  std::int64_t before = test::sent_bytes();
  fixture.ask();
  // One count for each part and table to every other rank, and 8 bytes for each row that another rank owns.
  const auto lists = static_cast<std::int64_t>(fixture.request.own_parts() * fixture.tables.size());
  EXPECT_EQ(test::sent_bytes() - before, 8 * lists * others + 8 * fixture.wanted_of_others(false));

  before = test::sent_bytes();
  fixture.run_fetch();
  const std::int64_t fetched = fixture.world.sum(test::sent_bytes() - before);
  EXPECT_EQ(fetched, fixture.world.sum(4 * fixture.wanted_of_others(true)));

  const auto gradients = fixture.gradients();
  before = test::sent_bytes();
  fixture.exchange.start(fixture.request, gradients);
  fixture.exchange.finish();
  EXPECT_EQ(test::sent_bytes() - before, 4 * fixture.wanted_of_others(true));
}

}  // namespace
}  // namespace gemel::exchange
