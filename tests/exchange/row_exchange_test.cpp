#include "exchange/row_exchange.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "mpi/communicator.hpp"
#include "support/lane_rows.hpp"
#include "support/sent_bytes.hpp"

namespace gemel::exchange {
namespace {

constexpr int lanes = 8;

struct Fixture {
  mpi::Communicator world = mpi::Communicator::world();
  LaneLayout layout{lanes, world.size(), world.rank()};
  std::vector<std::size_t> dims = {5, 32, 1};
  std::vector<std::int64_t> rows = {57, 203, 0};
  RowExchange exchange{layout, world, {{0, 5}, {1, 32}, {2, 1}}};

  std::vector<std::vector<RowGradient>> own() {
    std::vector<std::vector<RowGradient>> all;
    for (int lane = layout.lanes.first; lane < layout.lanes.last; ++lane) {
      auto& tables = all.emplace_back();
      for (std::size_t table = 0; table < dims.size(); ++table) {
        tables.push_back(test::lane_gradient(table, lane, rows[table], dims[table]));
      }
    }
    return all;
  }
};

TEST(RowExchange, EveryRankSumsTheTouchedRowsInTheOrderOfTheTree) {
  Fixture fixture;
  for (int repetition = 0; repetition < 2; ++repetition) {
    const auto own = fixture.own();
    fixture.exchange.start(own);
    fixture.exchange.finish();
    for (std::size_t table = 0; table < fixture.dims.size(); ++table) {
      std::int64_t next = 0;
      fixture.exchange.for_each_row(table, [&](std::int64_t row, std::span<const float> gradient) {
        for (; next < row; ++next)
          EXPECT_FALSE(test::row_sum(0, lanes, table, next, 0)) << "row " << next << " is missing";
        next = row + 1;
        ASSERT_EQ(gradient.size(), fixture.dims[table]);
        for (std::size_t column = 0; column < gradient.size(); ++column) {
          const auto expected = test::row_sum(0, lanes, table, row, column);
          ASSERT_TRUE(expected) << "row " << row << " was not touched";
          EXPECT_EQ(gradient[column], *expected);
          EXPECT_EQ(std::signbit(gradient[column]), std::signbit(*expected)) << "row " << row;
        }
      });
      for (; next < fixture.rows[table]; ++next) EXPECT_FALSE(test::row_sum(0, lanes, table, next, 0));
    }
  }
}

TEST(RowExchange, SendsEachOtherRankEightBytesAndTheValuesOfEveryRow) {
  Fixture fixture;
  const auto own = fixture.own();
  // Distinct rows of each subtree of this rank, found with sets.
  std::int64_t expected = 0;
  std::int64_t counts = 0;
  for (const LaneRange& subtree : fixture.layout.tree.subtrees(fixture.layout.lanes)) {
    for (std::size_t table = 0; table < fixture.dims.size(); ++table) {
      std::set<std::int64_t> distinct;
      for (int lane = subtree.first; lane < subtree.last; ++lane) {
        const auto& rows = own[static_cast<std::size_t>(lane - fixture.layout.lanes.first)][table].rows;
        distinct.insert(rows.begin(), rows.end());
      }
      expected += static_cast<std::int64_t>(distinct.size() * (8 + 4 * fixture.dims[table]));
      counts += 8;
    }
  }
  const std::int64_t before = test::sent_bytes();
  fixture.exchange.start(own);
  fixture.exchange.finish();
  EXPECT_EQ(test::sent_bytes() - before, (expected + counts) * (fixture.world.size() - 1));
}

}  // namespace
}  // namespace gemel::exchange
