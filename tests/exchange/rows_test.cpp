#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "exchange/row_fetch.hpp"
#include "exchange/row_reduce.hpp"
#include "exchange/row_request.hpp"
#include "mpi/communicator.hpp"
#include "support/lane_rows.hpp"
#include "support/sent_bytes.hpp"

namespace gemel::exchange {
namespace {

constexpr int lanes = 8;
constexpr std::size_t query_tables = 2;

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

/// What a rank sends, in bytes.
struct Traffic {
  std::int64_t request = 0;
  std::int64_t fetch = 0;  ///< what it wants, and so others send it
  std::int64_t reduce = 0;
};

/// Replicated and sharded tables of both towers (where there is one rank, none is sharded). On 8 ranks some blocks of the table of 3
/// rows are empty.
struct Fixture {
  mpi::Communicator world = mpi::Communicator::world();
  LaneLayout layout{lanes, world.size(), world.rank()};
  std::vector<RowTable> tables = {{{57, 1}, 5},   {{203, world.size()}, 32}, {{57, world.size()}, 5},
                                  {{203, 1}, 32}, {{3, world.size()}, 1},    {{0, 1}, 1}};
  RowRequest request{world, tables, layout.subtree_counts};
  RowFetch fetch{world};
  RowReduce reduce{layout, world, tables, query_tables};
  std::vector<tensor::Matrix> weights = held_weights();
  std::vector<std::vector<RowGradient>> gradients = lane_gradients();

  RowRange held(std::size_t table) const {
    const RowTable& shape = tables[table];
    return shape.blocks.block(shape.is_sharded() ? world.rank() : 0);
  }

  std::vector<tensor::Matrix> held_weights() const {
    std::vector<tensor::Matrix> all;
    for (std::size_t table = 0; table < tables.size(); ++table) {
      const RowRange rows = held(table);
      tensor::Matrix& values = all.emplace_back(static_cast<std::size_t>(rows.size()), tables[table].dim);
      for (std::size_t i = 0; i < values.rows(); ++i) {
        for (std::size_t column = 0; column < values.cols(); ++column)
          values(i, column) = weight(table, rows.first + static_cast<std::int64_t>(i), column);
      }
    }
    return all;
  }

  std::vector<std::vector<RowGradient>> lane_gradients() const {
    std::vector<std::vector<RowGradient>> all;
    for (int lane = layout.lanes.first; lane < layout.lanes.last; ++lane) {
      auto& of_lane = all.emplace_back();
      for (std::size_t table = 0; table < tables.size(); ++table)
        of_lane.push_back(test::lane_gradient(table, lane, tables[table].blocks.rows(), tables[table].dim));
    }
    return all;
  }

  /// The rows of a table that each lane of own subtree `part` touches.
  void touch(std::size_t part, std::size_t table, std::vector<std::int64_t>& rows) const {
    for (std::size_t lane = layout.subtrees[part].first; lane < layout.subtrees[part].last; ++lane) {
      for (std::int64_t row = 0; row < tables[table].blocks.rows(); ++row) {
        if (test::touches(table, layout.lanes.first + static_cast<int>(lane), row)) rows.push_back(row);
      }
    }
  }
  auto toucher() const {
    return [this](std::size_t part, std::size_t table, std::vector<std::int64_t>& rows) {
      touch(part, table, rows);
    };
  }
  std::set<std::int64_t> touched(std::size_t part, std::size_t table) const {
    std::vector<std::int64_t> rows;
    touch(part, table, rows);
    return {rows.begin(), rows.end()};
  }

  void run_request() {
    request.start(toucher());
    request.finish();
  }
  void run_fetch() {
    std::vector<tensor::ConstMatrixView> views;
    for (const tensor::Matrix& rows : weights) views.push_back(rows.view());
    fetch.start(request, views);
    fetch.finish();
  }
  void run_reduce() {
    reduce.start_queries(gradients);
    reduce.start_candidates(gradients, request);
    reduce.finish();
  }

  /// By the formulas, with rows found with sets.
  Traffic expected_traffic() const {
    const std::int64_t others = world.size() - 1;
    Traffic traffic;
    for (std::size_t part = 0; part < layout.subtrees.size(); ++part) {
      for (std::size_t table = 0; table < tables.size(); ++table) {
        const auto bytes = static_cast<std::int64_t>(4 * tables[table].dim);
        const auto rows = touched(part, table);
        if (tables[table].is_sharded()) {
          std::int64_t foreign = 0;
          for (const std::int64_t row : rows) foreign += held(table).contains(row) ? 0 : 1;
          traffic.request +=
              8 * others + 8 * foreign;  // a count to every other rank, and the rows that it owns
          traffic.fetch += bytes * foreign;
          traffic.reduce += bytes * foreign;
        } else {
          traffic.reduce += others * (8 + static_cast<std::int64_t>(rows.size()) * (8 + bytes));
        }
      }
    }
    return traffic;
  }
};

TEST(RowFetchTest, BringsEveryRowThatIsGoingToBeLookedUpWithinReach) {
  Fixture fixture;
  for (int repetition = 0; repetition < 2; ++repetition) {
    fixture.run_request();
    fixture.run_fetch();
    for (std::size_t part = 0; part < fixture.request.own_parts(); ++part) {
      for (std::size_t table = 0; table < fixture.tables.size(); ++table) {
        const ReachableRows& rows = fixture.fetch.rows(part)[table];
        for (const std::int64_t row : fixture.touched(part, table)) {
          ASSERT_EQ(rows[row].size(), fixture.tables[table].dim);
          for (std::size_t i = 0; i < rows[row].size(); ++i) EXPECT_EQ(rows[row][i], weight(table, row, i));
        }
      }
    }
  }
}

TEST(RowRequestTest, TellsHoldersWhichRowsAreNeeded) {
  Fixture fixture;
  fixture.run_request();
  for (std::size_t table = 0; table < fixture.tables.size(); ++table) {
    const bool is_sharded = fixture.tables[table].is_sharded();
    const LaneRange from = is_sharded ? LaneRange{0, lanes} : fixture.layout.lanes;
    std::set<std::int64_t> expected;
    for (std::int64_t row = fixture.held(table).first; row < fixture.held(table).last; ++row) {
      for (int lane = from.first; lane < from.last; ++lane) {
        if (test::touches(table, lane, row)) expected.insert(row);
      }
    }
    std::vector<std::int64_t> needed;
    fixture.request.append_needed(table, fixture.toucher(), needed);
    EXPECT_EQ(std::set<std::int64_t>(needed.begin(), needed.end()), expected) << "table " << table;
  }
}

TEST(RowReduceTest, WhoHoldsARowGetsTheSumOverAllLanesInTheOrderOfTheTree) {
  Fixture fixture;
  for (int repetition = 0; repetition < 2; ++repetition) {
    fixture.run_request();
    fixture.run_reduce();
    for (std::size_t table = 0; table < fixture.tables.size(); ++table) {
      const RowRange held = fixture.held(table);
      std::int64_t next = held.first;
      fixture.reduce.for_each_row(table, [&](std::int64_t row, std::span<const float> gradient) {
        for (; next < row; ++next) EXPECT_FALSE(test::row_sum(0, lanes, table, next, 0)) << "no row " << next;
        next = row + 1;
        ASSERT_EQ(gradient.size(), fixture.tables[table].dim);
        for (std::size_t column = 0; column < gradient.size(); ++column) {
          const auto expected = test::row_sum(0, lanes, table, row, column);
          ASSERT_TRUE(expected) << "row " << row << " was not touched";
          EXPECT_EQ(gradient[column], *expected);
          EXPECT_EQ(std::signbit(gradient[column]), std::signbit(*expected)) << "row " << row;
        }
      });
      for (; next < held.last; ++next) EXPECT_FALSE(test::row_sum(0, lanes, table, next, 0));
    }
  }
}

TEST(RowReduceTest, EveryTableIsCountedByThoseWhoTogetherHoldItOnce) {
  Fixture fixture;
  for (std::size_t table = 0; table < fixture.tables.size(); ++table) {
    const std::int64_t counted = fixture.reduce.counts(table) ? fixture.held(table).size() : 0;
    EXPECT_EQ(fixture.world.sum(counted), fixture.tables[table].blocks.rows());
  }
}

TEST(RowTrafficTest, MovesTheBytesOfTheFormulas) {
  Fixture fixture;
  const Traffic expected = fixture.expected_traffic();
  std::int64_t before = test::sent_bytes();
  fixture.run_request();
  EXPECT_EQ(test::sent_bytes() - before, expected.request);

  before = test::sent_bytes();
  fixture.run_fetch();
  const std::int64_t fetched = fixture.world.sum(test::sent_bytes() - before);
  EXPECT_EQ(fetched, fixture.world.sum(expected.fetch));

  before = test::sent_bytes();
  fixture.run_reduce();
  EXPECT_EQ(test::sent_bytes() - before, expected.reduce);
}

}  // namespace
}  // namespace gemel::exchange
