#include "gemel/evaluation/top_k.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "gemel/mpi/communicator.hpp"
#include "support/lanes.hpp"

namespace gemel::evaluation {
namespace {

/// A whole number from -limit to limit: products of such vectors are exact floats, so that ties are real ties.
float whole(std::uint64_t stream, std::uint64_t index, int limit) {
  return std::round(test::number(stream, index) * static_cast<float>(limit));
}

struct Problem {
  std::size_t catalogue;
  std::size_t dim;
  int limit;  // small: many ties

  float candidate(std::size_t row, std::size_t i) const { return whole(7, row * dim + i, limit); }
  float query(int rank, std::size_t index, std::size_t i) const {
    return whole(100 + static_cast<std::uint64_t>(rank), index * dim + i, limit);
  }
  float score(int rank, std::size_t index, std::size_t row) const {
    float sum = 0;
    for (std::size_t i = 0; i < dim; ++i) sum += query(rank, index, i) * candidate(row, i);
    return sum;
  }
};

void expect_answer(const Problem& problem, const TopK::Answer& answer, int rank, std::size_t index,
                   std::size_t k, std::int32_t true_row) {
  std::vector<std::pair<float, std::uint32_t>> all;  // (-score, row): ascending is best first
  for (std::size_t row = 0; row < problem.catalogue; ++row) {
    all.emplace_back(-problem.score(rank, index, row), static_cast<std::uint32_t>(row));
  }
  std::sort(all.begin(), all.end());
  const std::size_t expected = std::min(k, problem.catalogue);
  EXPECT_EQ(answer.best.size(), expected);
  for (std::size_t i = 0; i < std::min(expected, answer.best.size()); ++i) {
    EXPECT_EQ(row_of(answer.best[i]), all[i].second) << "place " << i;
    EXPECT_EQ(score_of(answer.best[i]), -all[i].first) << "place " << i;
  }
  if (true_row >= 0) {
    EXPECT_EQ(answer.true_score, problem.score(rank, index, static_cast<std::size_t>(true_row)));
  }
}

/// `counts(rank)` queries of every rank.
template <class Counts>
void expect_search(const Problem& problem, std::size_t k, const Counts& counts, int threads = 1) {
  auto world = mpi::Communicator::world();
  const exchange::LaneTeam team(threads);
  onednn::Runtime runtime(threads);
  const Shard shard = shard_of_rank(problem.catalogue, world.size(), world.rank());
  tensor::Matrix candidates(shard.count, problem.dim);
  for (std::size_t row = 0; row < shard.count; ++row) {
    for (std::size_t i = 0; i < problem.dim; ++i)
      candidates(row, i) = problem.candidate(shard.first + row, i);
  }
  TopK top_k(world, team, runtime, problem.catalogue, candidates.view(), k);
  for (int call = 0; call < 2; ++call) {
    const std::size_t count = counts(world.rank() + call);
    tensor::Matrix queries(count, problem.dim);
    std::vector<std::int32_t> true_rows;
    for (std::size_t query = 0; query < count; ++query) {
      for (std::size_t i = 0; i < problem.dim; ++i) queries(query, i) = problem.query(world.rank(), query, i);
      const bool named = query % 3 != 2;
      true_rows.push_back(named ? static_cast<std::int32_t>(query * 37 % problem.catalogue) : TopK::no_row);
    }
    const auto answers = top_k.search(queries.view(), true_rows);
    EXPECT_EQ(answers.size(), count);
    for (std::size_t query = 0; query < answers.size(); ++query) {
      expect_answer(problem, answers[query], world.rank(), query, k, true_rows[query]);
    }
  }
}

std::size_t different(int rank) {
  return static_cast<std::size_t>(rank % 3) * 35;  // none on some ranks; more than a tile on others
}
std::size_t five(int) {
  return 5;
}

TEST(ShardOfRankTest, ShardsTileTheCatalogue) {
  for (const std::size_t catalogue : {0U, 1U, 3U, 1000U, 1682U}) {
    for (int ranks = 1; ranks <= 8; ++ranks) {
      std::size_t next = 0;
      for (int rank = 0; rank < ranks; ++rank) {
        const Shard shard = shard_of_rank(catalogue, ranks, rank);
        EXPECT_EQ(shard.first, next);
        next += shard.count;
      }
      EXPECT_EQ(next, catalogue);
    }
  }
}

TEST(TopKTest, FindsTheBestAmongManyTies) {
  expect_search({700, 3, 1}, 20, different);
}
TEST(TopKTest, FindsTheBestAmongFewTies) {
  expect_search({700, 16, 50}, 10, different);
}
TEST(TopKTest, FindsTheBestOnTwoThreads) {
  expect_search({700, 8, 3}, 10, different, 2);
}
TEST(TopKTest, FindsTheBestOneOnly) {
  expect_search({300, 4, 2}, 1, different);
}
TEST(TopKTest, WorksWithMoreThanATileOfCandidates) {
  expect_search({9000, 4, 4}, 50, five);
}
TEST(TopKTest, ReturnsTheWholeCatalogueWhereKIsLarger) {
  expect_search({90, 4, 2}, 100, different);
}
TEST(TopKTest, WorksWhereRanksHaveNoCandidates) {
  expect_search({3, 4, 2}, 2, different);
  expect_search({1, 4, 2}, 5, five);
}
TEST(TopKTest, WorksWithoutQueries) {
  expect_search({50, 4, 2}, 5, [](int) { return std::size_t{0}; });
}

}  // namespace
}  // namespace gemel::evaluation
