#include "evaluation/baselines.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "evaluation/evaluator.hpp"
#include "mpi/communicator.hpp"

namespace gemel::evaluation {
namespace {

using enum MetricKind;

constexpr std::int32_t items = 7;
constexpr std::int32_t users = 5;

/// Items 2 and 5 are equally popular, and so are 0 and 6.
const std::vector<std::int64_t> counts = {1, 4, 3, 9, 0, 3, 1};
const std::vector<std::int32_t> by_popularity = {3, 1, 2, 5, 0, 6, 4};

/// A small world that can be counted out: examples (user, item) of which some items are not in the catalogue, and what is seen.
struct Case {
  std::vector<std::pair<std::int32_t, std::int32_t>> examples;
  std::set<std::pair<std::int32_t, std::int32_t>> seen;

  std::set<std::int32_t> relevant(std::int32_t user) const {
    std::set<std::int32_t> found;
    for (const auto& [of, item] : examples)
      if (of == user) found.insert(item);
    return found;
  }
  /// Whether the ranking leaves out an item of a user.
  bool leaves_out(std::int32_t user, std::int32_t item) const { return seen.contains({user, item}); }
  /// What a user's list is drawn from.
  std::vector<std::int32_t> pool(std::int32_t user) const {
    std::vector<std::int32_t> pool;
    for (std::int32_t item = 0; item < items; ++item)
      if (!leaves_out(user, item) || relevant(user).contains(item)) pool.push_back(item);
    return pool;
  }
};

Case make_case(bool excludes) {
  // User 3 has only an item that the catalogue lacks, user 4 none at all; (0, 3) occurs twice, (1, 1) was seen before.
  Case result = {{{0, 3}, {1, 1}, {2, 4}, {0, 3}, {0, 5}, {3, 8}, {1, 9}, {2, 6}, {2, 0}}, {}};
  if (excludes)
    result.seen = {{0, 1}, {0, 2}, {1, 1}, {1, 3}, {2, 3}, {3, 0}, {3, 1}, {3, 2}, {3, 3}, {3, 4}};
  return result;
}

/// What the program is given: each rank a block of the examples.
struct Given {
  explicit Given(const Case& all) {
    const auto total = static_cast<std::int64_t>(all.examples.size());
    own.features.features = 1;
    for (std::int64_t i = total * world.rank() / world.size(); i < total * (world.rank() + 1) / world.size();
         ++i) {
      const auto& [user, item] = all.examples[static_cast<std::size_t>(i)];
      own.users.push_back(user);
      own.items.push_back(item);
      own.features.words.push_back(0);
    }
    std::vector<std::int32_t> of;
    std::vector<std::int32_t> what;
    for (const auto& [user, item] : all.seen) {
      if (world.rank() != 0) break;
      of.push_back(user);
      what.push_back(item);
    }
    if (!all.seen.empty()) seen.emplace(users, of, what, world);
    queries.emplace(own, world);
  }
  RankingTask task() const { return {own, items, metrics, seen ? &*seen : nullptr, &*queries}; }

  mpi::Communicator world = mpi::Communicator::world();
  std::vector<Metric> metrics =
      make_metrics({accuracy, recall, ndcg, hit_rate, mrr, coverage}, {1, 2, 3, 5, 7, 20});
  features::Examples own;
  std::optional<ingest::UserHistory> seen;
  std::optional<UserQueries> queries;
};

/// A user's metrics of one list; `shown` gets what is in it.
std::map<MetricKind, double> of_list(const std::vector<std::int32_t>& list,
                                     const std::set<std::int32_t>& relevant, std::int64_t k) {
  double hits = 0, gains = 0, ideal = 0, first = 0;
  for (std::size_t i = 0; i < list.size() && static_cast<std::int64_t>(i) < k; ++i) {
    if (!relevant.contains(list[i])) continue;
    if (hits == 0) first = 1.0 / static_cast<double>(i + 1);
    ++hits;
    gains += std::log(2.0) / std::log(static_cast<double>(i + 2));
  }
  for (std::int64_t i = 0; i < std::min(k, std::ssize(relevant)); ++i)
    ideal += std::log(2.0) / std::log(static_cast<double>(i + 2));
  return {{recall, hits / static_cast<double>(relevant.size())},
          {ndcg, gains / ideal},
          {hit_rate, hits > 0 ? 1.0 : 0.0},
          {mrr, first}};
}

std::set<std::int32_t> test_users(const Case& all) {
  std::set<std::int32_t> found;
  for (const auto& [user, item] : all.examples) found.insert(user);
  return found;
}

double naive_popularity(const Case& all, const Metric& metric) {
  if (metric.kind == accuracy) {
    double hits = 0;
    for (const auto& [user, item] : all.examples) {
      std::int64_t place = 0;
      bool is_found = false;
      for (const std::int32_t other : by_popularity) {
        if (other != item && all.leaves_out(user, other)) continue;
        ++place;
        if (other == item && place <= metric.k) is_found = true;
      }
      hits += is_found ? 1 : 0;
    }
    return hits / static_cast<double>(all.examples.size());
  }
  double sum = 0;
  std::set<std::int32_t> shown;
  for (const std::int32_t user : test_users(all)) {
    const std::vector<std::int32_t> pool = all.pool(user);
    std::vector<std::int32_t> list;
    for (const std::int32_t item : by_popularity)
      if (std::ranges::count(pool, item) > 0 && std::ssize(list) < metric.k) list.push_back(item);
    shown.insert(list.begin(), list.end());
    if (metric.kind != coverage) sum += of_list(list, all.relevant(user), metric.k).at(metric.kind);
  }
  return metric.kind == coverage ? static_cast<double>(shown.size()) / items
                                 : sum / static_cast<double>(test_users(all).size());
}

/// The mean over all orders of all lists.
double naive_random(const Case& all, const Metric& metric) {
  if (metric.kind == accuracy) {
    double hits = 0;
    for (const auto& [user, item] : all.examples) {
      std::int64_t candidates = 0;
      for (std::int32_t other = 0; other < items; ++other)
        candidates += other == item || !all.leaves_out(user, other) ? 1 : 0;
      if (item < items)
        hits += static_cast<double>(std::min(metric.k, candidates)) / static_cast<double>(candidates);
    }
    return hits / static_cast<double>(all.examples.size());
  }
  double sum = 0;
  std::vector<double> missed(items, 1.0);  // probability that nobody is shown it
  for (const std::int32_t user : test_users(all)) {
    std::vector<std::int32_t> list = all.pool(user);
    std::vector<double> in(items, 0.0);
    double orders = 0, total = 0;
    do {
      ++orders;
      for (std::int64_t i = 0; i < std::min(metric.k, std::ssize(list)); ++i)
        ++in[static_cast<std::size_t>(list[static_cast<std::size_t>(i)])];
      if (metric.kind != coverage) total += of_list(list, all.relevant(user), metric.k).at(metric.kind);
    } while (std::ranges::next_permutation(list).found);
    sum += total / orders;
    for (std::size_t item = 0; item < items; ++item) missed[item] *= 1 - in[item] / orders;
  }
  if (metric.kind != coverage) return sum / static_cast<double>(test_users(all).size());
  return std::accumulate(missed.begin(), missed.end(), 0.0,
                         [](double so_far, double m) { return so_far + 1 - m; }) /
         items;
}

TEST(PopularityOrderTest, OrdersByCountThenByRow) {
  const PopularityOrder order(counts);
  EXPECT_EQ(std::vector(order.rows().begin(), order.rows().end()), by_popularity);
  for (std::size_t place = 0; place < items; ++place)
    EXPECT_EQ(order.before(static_cast<std::size_t>(by_popularity[place])), static_cast<std::int64_t>(place));
}

TEST(BaselinesTest, PopularityIsThatOfListsByCount) {
  for (const bool excludes : {false, true}) {
    const Case all = make_case(excludes);
    Given given(all);
    for (const auto& [metric, value] : popularity_metrics(given.task(), PopularityOrder(counts), given.world))
      EXPECT_NEAR(value, naive_popularity(all, metric), 1e-12) << metric.name() << " " << excludes;
  }
}

TEST(BaselinesTest, RandomIsTheMeanOverAllOrders) {
  for (const bool excludes : {false, true}) {
    const Case all = make_case(excludes);
    Given given(all);
    for (const auto& [metric, value] : random_metrics(given.task(), given.world))
      EXPECT_NEAR(value, naive_random(all, metric), 1e-12) << metric.name() << " " << excludes;
  }
}

TEST(BaselinesTest, BitsDoNotDependOnTheNumberOfRanks) {
  const Case all = make_case(true);
  Given given(all);
  auto self = mpi::Communicator::self();
  Given alone(all);
  alone.own = {};
  alone.own.features.features = 1;
  for (const auto& [user, item] : all.examples) {
    alone.own.users.push_back(user);
    alone.own.items.push_back(item);
    alone.own.features.words.push_back(0);
  }
  alone.queries.emplace(alone.own, self);
  const PopularityOrder order(counts);
  EXPECT_EQ(popularity_metrics(given.task(), order, given.world),
            popularity_metrics(alone.task(), order, self));
  EXPECT_EQ(random_metrics(given.task(), given.world), random_metrics(alone.task(), self));
}

TEST(BaselinesTest, OfNoExamplesNothingIsANumber) {
  Given given(Case{});
  for (const auto& [metric, value] : popularity_metrics(given.task(), PopularityOrder(counts), given.world))
    EXPECT_TRUE(std::isnan(value)) << metric.name();
  for (const auto& [metric, value] : random_metrics(given.task(), given.world))
    EXPECT_TRUE(std::isnan(value)) << metric.name();
}

/// A user's query is his first example by place, whichever rank has it.
TEST(UserQueriesTest, PlacesTellWhichExampleIsTheFirst) {
  auto world = mpi::Communicator::world();
  features::Examples own;
  own.features.features = 1;
  // Every rank has an example of user 0 and one of user 1; the last rank's come first.
  const std::int64_t start = 2 * (world.size() - 1 - world.rank());
  for (std::int32_t user = 0; user < 2; ++user) {
    own.users.push_back(user);
    own.items.push_back(world.rank());
    own.features.words.push_back(static_cast<std::uint32_t>(world.rank()));
    own.places.push_back(start + user);
  }
  const UserQueries queries(own, world);
  const bool is_last = world.rank() == world.size() - 1;
  EXPECT_EQ(queries.own().size(), is_last ? 2U : 0U);
  own.places.clear();
  EXPECT_EQ(UserQueries(own, world).own().size(), world.is_root() ? 2U : 0U);
}

}  // namespace
}  // namespace gemel::evaluation
