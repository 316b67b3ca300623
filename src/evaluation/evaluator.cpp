#include "evaluation/evaluator.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "evaluation/accuracies.hpp"
#include "evaluation/outscoring.hpp"
#include "evaluation/top_k.hpp"
#include "ingest/row_numbers.hpp"

namespace gemel::evaluation {
namespace {

constexpr double many_ties = 0.01;  // of the examples

std::size_t longest_list(const std::vector<Metric>& metrics) {
  std::int64_t longest = 1;
  for (const Metric& metric : metrics) longest = std::max(longest, metric.is_of_users() ? metric.k : 1);
  return static_cast<std::size_t>(longest);
}

/// Embeds this rank's queries some at a time, as many times on every rank, and calls visit(first, vectors) with what is embedded.
/// Collective.
template <class Visit>
void for_each_round(const features::Examples& own, const model::TwoTower& model, Embedder& embedder,
                    mpi::Communicator& communicator, const Visit& visit) {
  const auto most_own = static_cast<std::size_t>(communicator.max(static_cast<std::int64_t>(own.size())));
  tensor::Matrix queries;
  for (std::size_t round = 0; round < most_own; round += most_queries) {
    const std::size_t first = std::min(round, own.size());
    queries.resize(std::min(most_queries, own.size() - first), model.dim());
    embedder.run(own.features, first, queries.view());
    visit(first, queries.view());
  }
}

/// The users of some of the examples; none where the examples have no users.
std::span<const std::int32_t> users_of(const features::Examples& examples, std::size_t first,
                                       std::size_t count) {
  const std::span<const std::int32_t> users(examples.users);
  return users.empty() ? users : users.subspan(first, count);
}

}  // namespace

Evaluator::Evaluator(mpi::Communicator& communicator, const base::ThreadTeam& team, onednn::Runtime& runtime,
                     const features::Examples& own, std::size_t catalogue_size, std::vector<Metric> metrics,
                     const ingest::UserHistory* seen)
    : communicator_(communicator),
      team_(team),
      runtime_(runtime),
      own_(own),
      catalogue_size_(catalogue_size),
      metrics_(std::move(metrics)),
      seen_(seen),
      examples_(communicator.sum(static_cast<std::int64_t>(own.size()))) {
  base::require(!metrics_.empty(), "evaluation: nothing to measure");
  ingest::require_numbers(own.size(), "examples to evaluate", communicator);
  if (std::ranges::any_of(metrics_, &Metric::is_of_users)) user_queries_.emplace(own, communicator);
}

MetricValues Evaluator::evaluate(const model::TwoTower& model, const features::FeatureRows& catalogue) {
  base::require(catalogue.size() == catalogue_size_, "evaluation: another catalogue");
  const Shard shard = shard_of_rank(catalogue_size_, communicator_.size(), communicator_.rank());
  tensor::Matrix candidates(shard.count, model.dim());
  Embedder of_candidates(communicator_, team_, runtime_, model.candidate(), model.dense());
  of_candidates.run(catalogue, shard.first, candidates.view());
  ScoreTiles tiles(shard, candidates.view());
  MetricValues values = evaluate(model, tiles);
  flops_ += of_candidates.flops();
  return values;
}

MetricValues Evaluator::evaluate(const model::TwoTower& model, ScoreTiles& tiles) {
  const std::int64_t flops_before = tiles.flops();
  Embedder of_queries(communicator_, team_, runtime_, model.query(), model.dense());
  MetricValues values = accuracies(model, of_queries, tiles);
  if (user_queries_)
    std::ranges::move(metrics_of_users(model, of_queries, tiles), std::back_inserter(values));
  flops_ = of_queries.flops() + tiles.flops() - flops_before;
  return values;
}

RankingTask Evaluator::task() const {
  return {own_, catalogue_size_, metrics_, seen_, user_queries_ ? &*user_queries_ : nullptr};
}

Baselines Evaluator::baselines(const PopularityOrder& order) const {
  base::require(order.size() == catalogue_size_, "evaluation: the popularity of another catalogue");
  return {popularity_metrics(task(), order, communicator_), random_metrics(task(), communicator_)};
}

MetricValues Evaluator::metrics_of_users(const model::TwoTower& model, Embedder& embedder,
                                         ScoreTiles& tiles) {
  const features::Examples& users = user_queries_->own();
  TopK top_k(communicator_, team_, tiles, catalogue_size_, longest_list(metrics_),
             {seen_, &user_queries_->relevant()});
  UserMetrics of_users(metrics_, user_queries_->relevant(), catalogue_size_);
  for_each_round(users, model, embedder, communicator_,
                 [&](std::size_t first, tensor::ConstMatrixView queries) {
                   const auto numbers = users_of(users, first, queries.rows());
                   const auto lists = top_k.search(queries, numbers);
                   for (std::size_t i = 0; i < lists.size(); ++i) of_users.add(numbers[i], lists[i]);
                 });
  return of_users.values(communicator_);
}

MetricValues Evaluator::accuracies(const model::TwoTower& model, Embedder& embedder, ScoreTiles& tiles) {
  const auto end = std::ranges::find_if(metrics_, &Metric::is_of_users);  // accuracies come first
  if (end == metrics_.begin()) return {};
  Accuracies accuracies({metrics_.begin(), end});
  Outscoring outscoring(communicator_, team_, tiles, seen_);
  for_each_round(own_, model, embedder, communicator_,
                 [&](std::size_t first, tensor::ConstMatrixView queries) {
                   const auto true_rows = std::span(own_.items).subspan(first, queries.rows());
                   const auto users = users_of(own_, first, queries.rows());
                   const auto standings = outscoring.count(queries, true_rows, users);
                   for (std::size_t i = 0; i < standings.size(); ++i)
                     accuracies.add(task().has(true_rows[i]) ? standings[i] : never_found);
                 });
  warn_of_ties(accuracies.tied_share(communicator_));
  return accuracies.values(communicator_);
}

void Evaluator::warn_of_ties(double share) {
  if (share <= many_ties || has_warned_of_ties_) return;
  has_warned_of_ties_ = true;
  spdlog::warn(
      "{:.1f} % of the examples that were evaluated have a true item with the score of others, at the edge "
      "of some top-k: they count by the chance that it is among the k best. A model that gives many items "
      "one score has learned little: try a lower --learning-rate, or features that tell items apart",
      100 * share);
}

}  // namespace gemel::evaluation
