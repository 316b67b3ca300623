#include "evaluation/baselines.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "evaluation/accuracies.hpp"
#include "exchange/exact_sum.hpp"

namespace gemel::evaluation {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// What the ranking of an example leaves out: its user's seen items.
std::span<const std::int32_t> left_out(const RankingTask& task, std::size_t example) {
  return task.seen == nullptr ? std::span<const std::int32_t>() : task.seen->items(task.own.users[example]);
}

std::vector<Metric> accuracies_of(const std::vector<Metric>& metrics) {
  return {metrics.begin(), std::ranges::find_if(metrics, &Metric::is_of_users)};
}

MetricValues popularity_accuracies(const RankingTask& task, const PopularityOrder& order,
                                   mpi::Communicator& communicator) {
  Accuracies accuracies(accuracies_of(task.metrics));
  for (std::size_t i = 0; i < task.own.size(); ++i) {
    if (!task.has(task.own.items[i])) {
      accuracies.add(never_found);
      continue;
    }
    std::int64_t higher = order.before(static_cast<std::size_t>(task.own.items[i]));
    const std::int64_t before = higher;
    for (const std::int32_t item : left_out(task, i))
      higher -= order.before(static_cast<std::size_t>(item)) < before ? 1 : 0;
    accuracies.add({higher, 0});
  }
  return accuracies.values(communicator);
}

/// Whether a user's list has the item: one that he has not seen, or that is to be found.
bool is_listed(const RankingTask& task, std::int32_t user, std::int32_t item) {
  return task.seen == nullptr || !task.seen->contains(user, item) ||
         task.users->relevant().contains(user, item);
}

MetricValues popularity_of_users(const RankingTask& task, const PopularityOrder& order,
                                 mpi::Communicator& communicator) {
  UserMetrics of_users(task.metrics, task.users->relevant(), task.catalogue_size);
  const auto longest = static_cast<std::size_t>(std::ranges::max(task.metrics, {}, &Metric::k).k);
  std::vector<tensor::ScoredRow> list;
  for (const std::int32_t user : task.users->own().users) {
    list.clear();
    for (const std::int32_t row : order.rows()) {
      if (list.size() == longest) break;
      if (is_listed(task, user, row)) list.push_back(tensor::scored_row(0, static_cast<std::uint32_t>(row)));
    }
    of_users.add(user, list);
  }
  return of_users.values(communicator);
}

/// Examples by the number of candidates that their item is among, itself included; at 0 those whose item is not in the catalogue. Of all
/// ranks. Collective.
std::vector<std::int64_t> count_by_candidates(const RankingTask& task, mpi::Communicator& communicator) {
  std::vector<std::int64_t> counts(task.catalogue_size + 1, 0);
  for (std::size_t i = 0; i < task.own.size(); ++i) {
    const std::int32_t item = task.own.items[i];
    std::size_t candidates = 0;
    if (task.has(item)) {
      const auto seen = left_out(task, i);
      candidates = task.catalogue_size - seen.size() + (std::ranges::binary_search(seen, item) ? 1 : 0);
    }
    ++counts[candidates];
  }
  communicator.sum(std::span(counts));
  return counts;
}

MetricValues random_accuracies(const RankingTask& task, mpi::Communicator& communicator) {
  const std::vector<std::int64_t> counts = count_by_candidates(task, communicator);
  MetricValues values;
  for (const Metric& metric : accuracies_of(task.metrics)) {
    std::int64_t examples = counts[0];
    double hits = 0;
    for (std::size_t candidates = 1; candidates < counts.size(); ++candidates) {
      examples += counts[candidates];
      hits += static_cast<double>(counts[candidates]) *
              expected_hit(metric.k, 0, static_cast<std::int64_t>(candidates) - 1);
    }
    values.emplace_back(metric, examples > 0 ? hits / static_cast<double>(examples) : not_a_number);
  }
  return values;
}

/// What a user's list is drawn from.
struct Pool {
  std::int64_t candidates = 0;
  std::int64_t hits = 0;      ///< of them that are to be found
  std::int64_t relevant = 0;  ///< items to be found, those that the catalogue lacks included
};

Pool pool_of(const RankingTask& task, std::int32_t user) {
  const auto relevant = task.users->relevant().items(user);
  const auto known =
      std::ranges::partition_point(relevant, [&](std::int32_t item) { return task.has(item); });
  Pool pool = {static_cast<std::int64_t>(task.catalogue_size), known - relevant.begin(),
               std::ssize(relevant)};
  if (task.seen == nullptr) return pool;
  for (const std::int32_t item : task.seen->items(user))
    pool.candidates -= task.users->relevant().contains(user, item) ? 0 : 1;
  return pool;
}

/// The expectations of one user's metrics.
class Chance {
 public:
  /// For lists of at most `longest`.
  explicit Chance(std::int64_t longest) : gains_(1, 0.0) {
    for (std::int64_t place = 1; place <= longest; ++place)
      gains_.push_back(gains_.back() + 1.0 / std::log2(static_cast<double>(place + 1)));
  }

  double of(const Metric& metric, const Pool& pool) const {
    const std::int64_t listed = std::min(metric.k, pool.candidates);
    if (listed == 0) return 0;
    const double share = static_cast<double>(pool.hits) / static_cast<double>(pool.candidates);
    switch (metric.kind) {
      case MetricKind::recall:
        return share * static_cast<double>(listed) / static_cast<double>(pool.relevant);
      case MetricKind::ndcg:
        return share * gain(listed) / gain(std::min(metric.k, pool.relevant));
      case MetricKind::hit_rate:
        return 1 - first_hits(pool, listed).none;
      case MetricKind::mrr:
        return first_hits(pool, listed).reciprocal_place;
      case MetricKind::accuracy:
      case MetricKind::coverage:
        break;
    }
    throw base::InternalError("evaluation: not a metric of one user");
  }

 private:
  struct FirstHits {
    double none = 1;  ///< probability of no hit among the first
    double reciprocal_place = 0;
  };

  static FirstHits first_hits(const Pool& pool, std::int64_t listed) {
    FirstHits first;
    for (std::int64_t place = 1; place <= listed && first.none > 0; ++place) {
      const double hit = static_cast<double>(pool.hits) / static_cast<double>(pool.candidates - place + 1);
      first.reciprocal_place += first.none * std::min(1.0, hit) / static_cast<double>(place);
      first.none *= std::max(0.0, 1 - hit);
    }
    return first;
  }

  double gain(std::int64_t places) const { return gains_[static_cast<std::size_t>(places)]; }

  std::vector<double> gains_;  // sums over the first places
};

/// Every rank knows all users' items, and computes it whole.
double random_coverage(const RankingTask& task, std::int64_t k) {
  const ingest::UserHistory& relevant = task.users->relevant();
  // Of the users who are shown an item: the sum of log(1 - m / N), and those to whom it is shown for certain.
  struct Shown {
    double log_missed = 0;
    std::int64_t certain = 0;
  };
  Shown all;
  std::vector<Shown> withheld(task.seen == nullptr ? 0 : task.catalogue_size);
  for (std::int32_t user = 0; user < relevant.users(); ++user) {
    if (relevant.items(user).empty()) continue;
    const std::int64_t candidates = pool_of(task, user).candidates;
    if (candidates == 0) continue;
    const bool is_certain = k >= candidates;
    const double log_missed =
        is_certain ? 0 : std::log1p(-static_cast<double>(k) / static_cast<double>(candidates));
    const auto count = [&](Shown& shown) {
      shown.log_missed += log_missed;
      shown.certain += is_certain ? 1 : 0;
    };
    count(all);
    if (task.seen == nullptr) continue;
    for (const std::int32_t item : task.seen->items(user))
      if (!relevant.contains(user, item)) count(withheld[static_cast<std::size_t>(item)]);
  }
  const auto covered = [&](const Shown& not_to) {
    return all.certain > not_to.certain ? 1.0
                                        : -std::expm1(std::min(0.0, all.log_missed - not_to.log_missed));
  };
  if (task.seen == nullptr) return covered({});
  double sum = 0;
  for (const Shown& not_to : withheld) sum += covered(not_to);
  return sum / static_cast<double>(std::max<std::size_t>(task.catalogue_size, 1));
}

MetricValues random_of_users(const RankingTask& task, mpi::Communicator& communicator) {
  std::vector<Metric> metrics;
  std::ranges::copy_if(task.metrics, std::back_inserter(metrics), &Metric::is_of_users);
  const auto users = static_cast<double>(communicator.sum(std::ssize(task.users->own().users)));
  std::vector<Pool> pools;
  std::int64_t longest = 0;
  for (const std::int32_t user : task.users->own().users) {
    pools.push_back(pool_of(task, user));
    longest = std::max({longest, pools.back().candidates, pools.back().relevant});
  }
  const Chance chance(std::min(longest, std::ranges::max(metrics, {}, &Metric::k).k));
  MetricValues values;
  for (const Metric& metric : metrics) {
    if (metric.kind == MetricKind::coverage) {
      values.emplace_back(metric, users > 0 ? random_coverage(task, metric.k) : not_a_number);
      continue;
    }
    std::vector<double> of_users;
    for (const Pool& pool : pools) of_users.push_back(chance.of(metric, pool));
    const double sum = exchange::exact_sum(of_users, communicator);
    values.emplace_back(metric, users > 0 ? sum / users : not_a_number);
  }
  return values;
}

}  // namespace

MetricValues popularity_metrics(const RankingTask& task, const PopularityOrder& order,
                                mpi::Communicator& communicator) {
  MetricValues values = popularity_accuracies(task, order, communicator);
  if (task.users != nullptr)
    std::ranges::move(popularity_of_users(task, order, communicator), std::back_inserter(values));
  return values;
}

MetricValues random_metrics(const RankingTask& task, mpi::Communicator& communicator) {
  MetricValues values = random_accuracies(task, communicator);
  if (task.users != nullptr)
    std::ranges::move(random_of_users(task, communicator), std::back_inserter(values));
  return values;
}

void warn_of_losing(const MetricValues& model, const MetricValues& popularity) {
  std::vector<std::string> lost;
  for (const auto& [metric, value] : model) {
    if (metric.kind == MetricKind::coverage) continue;
    const auto counted = std::ranges::find(popularity, metric, &MetricValues::value_type::first);
    if (counted != popularity.end() && value < counted->second) lost.push_back(metric.name());
  }
  if (lost.empty()) return;
  spdlog::warn(
      "the model loses to popularity, which shows everybody the items with the most training examples, in {}",
      fmt::join(lost, ", "));
}

}  // namespace gemel::evaluation
