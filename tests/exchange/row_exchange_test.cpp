#include "gemel/exchange/row_exchange.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "gemel/mpi/communicator.hpp"
#include "support/lanes.hpp"
#include "support/sent_bytes.hpp"

namespace gemel::exchange {
namespace {

constexpr int lanes = 8;

/// Whether lane `lane` touches row `row` of table `table`: some rows all, some none, most a few.
bool touches(std::size_t table, int lane, std::int64_t row) {
  if (row % 10 == 0) return false;
  if (row % 10 == 1) return true;
  return test::number(900 + table, static_cast<std::uint64_t>(lane * 1000 + row)) > 0.3F;
}

float value(std::size_t table, int lane, std::int64_t row, std::size_t column) {
  if (row % 10 == 2) return -0.0F;  // survives only if absent lanes add nothing
  return test::number(table * 100 + static_cast<std::size_t>(lane),
                      static_cast<std::uint64_t>(row) * 64 + column);
}

RowGradient gradient(std::size_t table, int lane, std::int64_t rows, std::size_t dim) {
  RowGradient result;
  result.values.resize(static_cast<std::size_t>(rows), dim);
  for (std::int64_t row = 0; row < rows; ++row) {
    if (!touches(table, lane, row)) continue;
    for (std::size_t column = 0; column < dim; ++column) {
      result.values(result.rows.size(), column) = value(table, lane, row, column);
    }
    result.rows.push_back(row);
  }
  return result;
}

/// The sum along the tree over the lanes that have the row; nothing where none has it.
std::optional<float> sum(int first, int last, std::size_t table, std::int64_t row, std::size_t column) {
  if (last - first == 1) {
    if (!touches(table, first, row)) return std::nullopt;
    return value(table, first, row, column);
  }
  int half = 1;
  while (half * 2 < last - first) half *= 2;
  const auto left = sum(first, first + half, table, row, column);
  const auto right = sum(first + half, last, table, row, column);
  if (left && right) return *left + *right;
  return left ? left : right;
}

struct Fixture {
  mpi::Communicator world = mpi::Communicator::world();
  LanePlan plan{lanes, world.size(), world.rank()};
  std::vector<std::size_t> dims = {5, 32, 1};
  std::vector<std::int64_t> rows = {57, 203, 0};
  RowExchange exchange{plan, world, dims};

  std::vector<std::vector<RowGradient>> own() {
    std::vector<std::vector<RowGradient>> all;
    for (int lane = plan.lanes.first; lane < plan.lanes.last; ++lane) {
      auto& tables = all.emplace_back();
      for (std::size_t table = 0; table < dims.size(); ++table) {
        tables.push_back(gradient(table, lane, rows[table], dims[table]));
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
          EXPECT_FALSE(sum(0, lanes, table, next, 0)) << "row " << next << " is missing";
        next = row + 1;
        ASSERT_EQ(gradient.size(), fixture.dims[table]);
        for (std::size_t column = 0; column < gradient.size(); ++column) {
          const auto expected = sum(0, lanes, table, row, column);
          ASSERT_TRUE(expected) << "row " << row << " was not touched";
          EXPECT_EQ(gradient[column], *expected);
          EXPECT_EQ(std::signbit(gradient[column]), std::signbit(*expected)) << "row " << row;
        }
      });
      for (; next < fixture.rows[table]; ++next) EXPECT_FALSE(sum(0, lanes, table, next, 0));
    }
  }
}

TEST(RowExchange, SendsEachOtherRankEightBytesAndTheValuesOfEveryRow) {
  Fixture fixture;
  const auto own = fixture.own();
  // Distinct rows of each subtree of this rank, found with sets.
  std::int64_t expected = 0;
  std::int64_t counts = 0;
  for (const LaneRange& subtree : fixture.plan.tree.subtrees(fixture.plan.lanes)) {
    for (std::size_t table = 0; table < fixture.dims.size(); ++table) {
      std::set<std::int64_t> distinct;
      for (int lane = subtree.first; lane < subtree.last; ++lane) {
        const auto& rows = own[static_cast<std::size_t>(lane - fixture.plan.lanes.first)][table].rows;
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
