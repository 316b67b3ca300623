#include "evaluation/top_k.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "mpi/agreement.hpp"
#include "mpi/communicator.hpp"
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

/// The items that a user has seen, and those of them that stay in his lists.
bool is_seen(int user, std::size_t row) {
  return (row + static_cast<std::size_t>(user)) % 3 == 0;
}
bool is_kept(int user, std::size_t row) {
  return (row + static_cast<std::size_t>(user)) % 9 == 0;
}
constexpr int users = 5;

template <class Choose>
ingest::UserHistory history(std::size_t catalogue, mpi::Communicator& world, const Choose& choose) {
  std::vector<std::int32_t> numbers;
  std::vector<std::int32_t> items;
  for (int user = world.rank(); user < users; user += world.size()) {
    for (std::size_t row = 0; row < catalogue; ++row) {
      if (!choose(user, row)) continue;
      numbers.push_back(user);
      items.push_back(static_cast<std::int32_t>(row));
    }
  }
  return {users, numbers, items, world};
}

void expect_list(const Problem& problem, TopK::List list, int rank, std::size_t index, std::size_t k,
                 bool excludes, int user) {
  std::vector<std::pair<float, std::uint32_t>> all;  // (-score, row): ascending is best first
  for (std::size_t row = 0; row < problem.catalogue; ++row) {
    if (excludes && is_seen(user, row) && !is_kept(user, row)) continue;
    all.emplace_back(-problem.score(rank, index, row), static_cast<std::uint32_t>(row));
  }
  std::sort(all.begin(), all.end());
  const std::size_t expected = std::min(k, all.size());
  EXPECT_EQ(list.size(), expected);
  for (std::size_t i = 0; i < std::min(expected, list.size()); ++i) {
    EXPECT_EQ(tensor::row_of(list[i]), all[i].second) << "place " << i;
    EXPECT_EQ(tensor::score_of(list[i]), -all[i].first) << "place " << i;
  }
}

/// `counts(rank)` queries of every rank.
template <class Counts>
void expect_search(const Problem& problem, std::size_t k, const Counts& counts, int threads = 1,
                   bool excludes = false) {
  auto world = mpi::Communicator::world();
  const base::ThreadTeam team(threads);
  const Shard shard = shard_of_rank(problem.catalogue, world.size(), world.rank());
  tensor::Matrix candidates(shard.count, problem.dim);
  for (std::size_t row = 0; row < shard.count; ++row) {
    for (std::size_t i = 0; i < problem.dim; ++i)
      candidates(row, i) = problem.candidate(shard.first + row, i);
  }
  ScoreTiles tiles(shard, candidates.view());
  const auto seen = history(problem.catalogue, world, is_seen);
  const auto kept = history(problem.catalogue, world, is_kept);
  TopK top_k(world, team, tiles, problem.catalogue, k, excludes ? Exclusion{&seen, &kept} : Exclusion{});
  for (int call = 0; call < 2; ++call) {
    const std::size_t count = counts(world.rank() + call);
    tensor::Matrix queries(count, problem.dim);
    std::vector<std::int32_t> of_users;
    for (std::size_t query = 0; query < count; ++query) {
      for (std::size_t i = 0; i < problem.dim; ++i) queries(query, i) = problem.query(world.rank(), query, i);
      of_users.push_back(static_cast<std::int32_t>(query % users));
    }
    const auto lists = top_k.search(queries.view(), of_users);
    EXPECT_EQ(lists.size(), count);
    for (std::size_t query = 0; query < lists.size(); ++query) {
      expect_list(problem, lists[query], world.rank(), query, k, excludes, of_users[query]);
    }
  }
}

std::size_t different(int rank) {
  return static_cast<std::size_t>(rank % 3) * 35;  // none on some ranks; more than a tile on others
}
std::size_t five(int) {
  return 5;
}
std::size_t one(int rank) {
  return rank == 0 ? 1 : 0;
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
TEST(TopKTest, LeavesOutWhatTheUserHasSeen) {
  expect_search({700, 3, 1}, 20, different, 2, true);
  expect_search({2500, 16, 50}, 100, five, 1, true);
}
TEST(TopKTest, ReturnsShorterListsWhereLittleIsUnseen) {
  expect_search({30, 4, 2}, 25, different, 1, true);
}
TEST(TopKTest, FindsTheBestOfOneQuery) {
  expect_search({5000, 64, 50}, 100, one, 2);
  expect_search({5000, 64, 1}, 1, one);
}
TEST(TopKTest, FindsTheBestWhereKIsOfTheOrderOfTheCatalogue) {
  expect_search({2500, 3, 3}, 2400, five);
  expect_search(
      {1682, 32, 20}, 100, [](int) { return std::size_t{200}; }, 2);
}

/// On every rank, whichever has the candidate and whichever has asked.
TEST(TopKTest, ScoresThatAreNotFiniteEndTheSearch) {
  auto world = mpi::Communicator::world();
  const base::ThreadTeam team(2);
  const std::size_t catalogue = 500;
  const Shard shard = shard_of_rank(catalogue, world.size(), world.rank());
  for (const float wrong : {NAN, INFINITY, -INFINITY, 3e38F}) {
    tensor::Matrix candidates(shard.count, 4);
    for (std::size_t i = 0; i < candidates.size(); ++i) candidates.data()[i] = test::number(1, i);
    if (shard.contains(417)) candidates(417 - shard.first, 2) = wrong;
    ScoreTiles tiles(shard, candidates.view());
    TopK top_k(world, team, tiles, catalogue, 5);
    tensor::Matrix queries(world.rank() == 0 ? 2 : 0, 4);
    for (std::size_t i = 0; i < queries.size(); ++i) queries.data()[i] = 2;
    if (wrong == -INFINITY && queries.size() > 0) queries(1, 2) = -2;
    EXPECT_THROW(top_k.search(queries.view()), mpi::AgreedError) << wrong;
  }
}

TEST(TopKTest, WorksWithoutQueries) {
  expect_search({50, 4, 2}, 5, [](int) { return std::size_t{0}; });
}

}  // namespace
}  // namespace gemel::evaluation
