#include "evaluation/query_search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>

#include "base/error.hpp"
#include "evaluation/top_k.hpp"
#include "mpi/communicator.hpp"
#include "support/lanes.hpp"

namespace gemel::evaluation {
namespace {

using Rows = std::vector<std::int32_t>;

/// A catalogue, and queries of it. Of a limit, values are whole numbers up to it, so that ties are real ties.
struct Problem {
  Problem(std::size_t catalogue, std::size_t dim, int limit) : candidates(catalogue, dim), query(1, dim) {
    const auto value = [&](std::uint64_t stream, std::size_t i) {
      const float number = test::number(stream, i);
      return limit == 0 ? number : std::round(number * static_cast<float>(limit));
    };
    for (std::size_t i = 0; i < candidates.size(); ++i) candidates.data()[i] = value(1, i);
    for (std::size_t i = 0; i < dim; ++i) query.data()[i] = value(2, i);
  }

  double score(std::size_t row) const {
    double sum = 0;
    for (std::size_t i = 0; i < query.cols(); ++i) sum += double{query(0, i)} * double{candidates(row, i)};
    return sum;
  }
  ScoreTiles tiles() const { return {{0, candidates.rows()}, candidates.view()}; }

  tensor::Matrix candidates;
  tensor::Matrix query;
};

Rows every(std::size_t step, std::size_t first, std::size_t catalogue) {
  Rows rows;
  for (std::size_t row = first; row < catalogue; row += step) rows.push_back(static_cast<std::int32_t>(row));
  return rows;
}

/// Of whole numbers.
void expect_best(const Problem& problem, std::size_t k, const Choice& choice, int threads = 1) {
  std::vector<std::pair<double, std::uint32_t>> all;  // (-score, row): ascending is best first
  for (std::size_t row = 0; row < problem.candidates.rows(); ++row) {
    const auto number = static_cast<std::int32_t>(row);
    if (choice.allowed && std::ranges::find(*choice.allowed, number) == choice.allowed->end()) continue;
    if (std::ranges::find(choice.left_out, number) != choice.left_out.end()) continue;
    all.emplace_back(-problem.score(row), static_cast<std::uint32_t>(row));
  }
  std::ranges::sort(all);
  const auto list =
      best_candidates(problem.query.row(0), problem.tiles(), k, choice, base::ThreadTeam(threads));
  ASSERT_EQ(list.size(), std::min(k, all.size()));
  for (std::size_t i = 0; i < list.size(); ++i) {
    EXPECT_EQ(tensor::row_of(list[i]), all[i].second) << "place " << i;
    EXPECT_EQ(tensor::score_of(list[i]), -all[i].first) << "place " << i;
  }
}

TEST(BestCandidates, AreThoseOfTheHighestScoresThenOfTheFirstRows) {
  expect_best({5000, 3, 1}, 20, {});
  expect_best({5000, 16, 9}, 100, {});
  expect_best({1, 4, 5}, 1, {});
  expect_best({513, 4, 5}, 7, {});
}

TEST(BestCandidates, AreAllWhereThereAreNoMore) {
  expect_best({600, 4, 2}, 1000, {});
  EXPECT_TRUE(best_candidates({}, Problem(0, 4, 2).tiles(), 3, {}, base::ThreadTeam(1)).empty());
}

TEST(BestCandidates, AreAmongTheAllowed) {
  const Problem problem(3000, 3, 1);
  expect_best(problem, 20, {.allowed = every(7, 3, 3000), .left_out = {}});
  expect_best(problem, 20, {.allowed = Rows{5, 511, 512, 2999}, .left_out = {}});
  expect_best(problem, 20, {.allowed = Rows{}, .left_out = {}});
}

TEST(BestCandidates, AreNotAmongTheLeftOut) {
  const Problem problem(3000, 3, 1);
  const Rows seen = every(2, 0, 3000);
  const Rows all = every(1, 0, 3000);
  const Rows allowed = every(3, 0, 3000);
  expect_best(problem, 20, {.allowed = {}, .left_out = seen});
  expect_best(problem, 20, {.allowed = {}, .left_out = all});
  expect_best(problem, 600, {.allowed = allowed, .left_out = seen});
}

TEST(BestCandidates, AreTheSameOnAnyNumberOfThreads) {
  const Problem problem(40000, 16, 2);
  const Rows seen = every(5, 1, 40000);
  for (const int threads : {1, 2, 3, 5}) {
    expect_best(problem, 50, {}, threads);
    expect_best(problem, 50, {.allowed = {}, .left_out = seen}, threads);
  }
}

TEST(BestCandidates, HaveTheBitsThatManyQueriesTogetherHave) {
  const Problem problem(3001, 33, 0);
  tensor::Matrix queries(30, 33);
  for (std::size_t i = 0; i < queries.size(); ++i) queries.data()[i] = test::number(3, i);
  auto self = mpi::Communicator::self();
  const base::ThreadTeam team(1);
  ScoreTiles tiles = problem.tiles();
  TopK top_k(self, team, tiles, 3001, 40);
  const auto lists = top_k.search(queries.view());
  for (std::size_t i = 0; i < lists.size(); ++i)
    EXPECT_TRUE(std::ranges::equal(best_candidates(queries.row(i), tiles, 40, {}, team), lists[i]));
}

TEST(BestCandidates, RefuseScoresThatAreNotFinite) {
  Problem problem(700, 3, 2);
  problem.candidates(650, 1) = std::numeric_limits<float>::quiet_NaN();
  const auto search = [&](const Choice& choice) {
    return best_candidates(problem.query.row(0), problem.tiles(), 5, choice, base::ThreadTeam(1));
  };
  EXPECT_THROW(search({}), base::DivergedError);
  const Rows bad = {650};
  EXPECT_EQ(search({.allowed = {}, .left_out = bad}).size(), 5U);
}

TEST(BestCandidates, AreFoundByManyThreadsAtOnce) {
  const Problem problem(20000, 8, 0);
  const ScoreTiles tiles = problem.tiles();
  const base::ThreadTeam team(1);
  tensor::Matrix queries(8, 8);
  for (std::size_t i = 0; i < queries.size(); ++i) queries.data()[i] = test::number(4, i);
  std::vector<std::vector<tensor::ScoredRow>> expected;
  for (std::size_t i = 0; i < queries.rows(); ++i)
    expected.push_back(best_candidates(queries.row(i), tiles, 10, {}, team));
  std::vector<std::jthread> threads;
  std::vector<int> right(queries.rows(), 0);
  for (std::size_t i = 0; i < queries.rows(); ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round)
        right[i] += static_cast<int>(best_candidates(queries.row(i), tiles, 10, {}, team) == expected[i]);
    });
  }
  threads.clear();
  EXPECT_EQ(right, std::vector<int>(queries.rows(), 20));
}

}  // namespace
}  // namespace gemel::evaluation
