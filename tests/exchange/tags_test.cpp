#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <vector>

#include "exchange/candidate_exchange.hpp"
#include "exchange/candidate_gather.hpp"
#include "exchange/dense_exchange.hpp"
#include "exchange/row_fetch.hpp"
#include "exchange/row_reduce.hpp"
#include "exchange/row_request.hpp"
#include "mpi/communicator.hpp"

namespace gemel::exchange {
namespace {

constexpr std::size_t dim = 8;

/// An exchange that is begun, then finished and looked at.
struct Exchange {
  std::function<void()> start;
  std::function<void()> check;
};

void fill(tensor::MatrixView values, float value) {
  std::ranges::fill(values.flat(), value);
}

/// How far the exchange of dense gradients has come once it is begun.
enum class Dense { begun, advanced, doubles };

/// All exchanges of a step, each with numbers of its own. Each rank is one lane, and touches row t of table t, and the last row of
/// table 2, too; table 0 is the query tower's, table 2 is sharded, over the first and the last rank among others.
struct Fixture {
  mpi::Communicator world = mpi::Communicator::world();
  int ranks = world.size();
  float addend = static_cast<float>(world.rank() + 1);
  float sum = static_cast<float>(ranks * (ranks + 1) / 2);  // of all ranks' addends
  std::size_t columns = static_cast<std::size_t>(ranks) * DistinctCandidates::granule;
  LaneLayout layout{ranks, ranks, world.rank()};
  std::vector<RowTable> tables = {{{9, 1}, dim}, {{9, 1}, dim}, {{64, ranks}, dim}};

  std::vector<std::int32_t> items = {world.rank()};
  CandidateGather gather{layout, world, 100};
  CandidateExchange share{layout, world, dim};
  CandidateExchange reduce{layout, world, dim};
  Dense how;
  DenseExchange dense{layout, world, columns* dim, how == Dense::doubles};
  tensor::Matrix dense_gradient{1, columns* dim};
  RowRequest request{world, tables, layout.subtree_counts};
  RowRequest next_request{world, tables, layout.subtree_counts};
  RowFetch fetch{world};
  RowReduce row_reduce{layout, world, tables, 1};
  std::vector<tensor::Matrix> weights;
  std::vector<tensor::ConstMatrixView> held;
  std::vector<std::vector<RowGradient>> gradients{1};

  explicit Fixture(Dense dense_comes) : how(dense_comes) {
    for (std::size_t table = 0; table < tables.size(); ++table) {
      RowGradient& gradient = gradients[0].emplace_back();
      touch(0, table, gradient.rows);
      gradient.values.resize(gradient.rows.size(), dim);
      fill(gradient.values.view(), addend * static_cast<float>(table + 1));
      const RowRange rows = tables[table].blocks.block(tables[table].is_sharded() ? world.rank() : 0);
      fill(weights.emplace_back(static_cast<std::size_t>(rows.size()), dim).view(),
           static_cast<float>(100 + rows.first));
    }
    for (const tensor::Matrix& rows : weights) held.push_back(rows.view());
    request.start(touch);
    request.finish();
    share.begin(columns);
    const ColumnSlice own = share.own_slice();
    fill(share.vectors().middle_rows(own.first, own.size()), 1000 + addend);
    reduce.begin(columns);
    fill(reduce.gradients(), addend);
    fill(dense_gradient.view(), 7 * addend);
  }

  static void touch(std::size_t, std::size_t table, std::vector<std::int64_t>& rows) {
    rows.push_back(static_cast<std::int64_t>(table));
    if (table == 2) rows.push_back(63);
  }

  Exchange candidate_gather() {
    return {[this] { gather.start(items, ranks, 4); },
            [this] {
              EXPECT_EQ(gather.finish(), 4U);
              EXPECT_EQ(gather.candidates().distinct(), static_cast<std::size_t>(ranks));
            }};
  }
  Exchange candidate_share() {
    return {[this] { share.start_share(); },
            [this] {
              share.finish_share();
              for (std::size_t column = 0; column < columns; ++column)
                EXPECT_EQ(share.vectors()(column, 0),
                          static_cast<float>(1001 + column / DistinctCandidates::granule));
            }};
  }
  Exchange candidate_reduce() {
    return {[this] { reduce.start_reduce(); }, [this] { EXPECT_EQ(reduce.finish_reduce()(0, 0), sum); }};
  }
  Exchange dense_exchange() {
    return {[this] {
              dense.start(dense_gradient.view());
              if (how == Dense::advanced) dense.advance();
            },
            [this] {
              for (const float value : dense.finish()) EXPECT_EQ(value, 7 * sum);
            }};
  }
  Exchange row_request() {
    return {[this] { next_request.start(touch); },
            [this] {
              next_request.finish();
              std::vector<std::int64_t> needed;
              next_request.append_needed(2, touch, needed);
              std::vector<std::int64_t> expected;
              for (int rank = 0; rank < ranks; ++rank) {
                for (const std::int64_t row : {2, 63})
                  if (tables[2].blocks.owner(row) == world.rank()) expected.push_back(row);
              }
              EXPECT_EQ(needed, expected);
            }};
  }
  Exchange row_fetch() {
    return {[this] { fetch.start(request, held); },
            [this] {
              fetch.finish();
              const RowBlocks& blocks = tables[2].blocks;
              for (const std::int64_t row : {2, 63})
                EXPECT_EQ(fetch.rows(0)[2][row][0],
                          static_cast<float>(100 + blocks.block(blocks.owner(row)).first));
            }};
  }
  Exchange query_rows() {
    return {[this] { row_reduce.start_queries(gradients); }, [] {}};
  }
  Exchange candidate_rows() {
    return {[this] { row_reduce.start_candidates(gradients, request); },
            [this] {
              row_reduce.finish();
              for (std::size_t table = 0; table < tables.size(); ++table) {
                row_reduce.for_each_row(table, [&](std::int64_t row, std::span<const float> gradient) {
                  EXPECT_TRUE(row == static_cast<std::int64_t>(table) || row == 63);
                  EXPECT_EQ(gradient[0], sum * static_cast<float>(table + 1));
                });
              }
            }};
  }

  std::vector<Exchange> all() {
    return {candidate_gather(), candidate_share(), candidate_reduce(), dense_exchange(),
            row_request(),      row_fetch(),       query_rows(),       candidate_rows()};
  }
};

/// Ranks with odd numbers begin in the other order, and every rank finishes in an order of its own.
void expect_no_mixing(Dense how) {
  Fixture fixture(how);
  std::vector<Exchange> exchanges = fixture.all();
  if (fixture.world.rank() % 2 == 1) std::ranges::reverse(exchanges);
  for (const Exchange& exchange : exchanges) exchange.start();
  std::ranges::rotate(exchanges, exchanges.begin() + fixture.world.rank() % std::ssize(exchanges));
  for (const Exchange& exchange : exchanges) exchange.check();
}

TEST(TagsTest, ExchangesThatAreUnderWayAtOnceAreNotTakenForEachOther) {
  expect_no_mixing(Dense::begun);
}

TEST(TagsTest, NeitherIsTheSecondRoundOfDenseGradients) {
  expect_no_mixing(Dense::advanced);
}

TEST(TagsTest, NeitherAreDenseGradientsByRecursiveDoubling) {
  const int ranks = mpi::Communicator::world().size();
  if (!std::has_single_bit(static_cast<unsigned>(ranks))) GTEST_SKIP() << "not with " << ranks << " ranks";
  expect_no_mixing(Dense::doubles);
}

}  // namespace
}  // namespace gemel::exchange
