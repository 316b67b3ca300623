#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/thread_team.hpp"
#include "evaluation/baselines.hpp"
#include "evaluation/embedder.hpp"
#include "evaluation/metric.hpp"
#include "evaluation/popularity_order.hpp"
#include "evaluation/score_tiles.hpp"
#include "evaluation/user_queries.hpp"
#include "features/feature.hpp"
#include "ingest/user_history.hpp"
#include "model/two_tower.hpp"
#include "mpi/communicator.hpp"
#include "onednn/runtime.hpp"
#include "step/epoch_deal.hpp"

namespace gemel::evaluation {

/// Ranks the whole catalogue for test examples, and for users who have some. Each rank brings its own test examples and embeds its
/// shard of the candidates. The result does not depend on the number of ranks.
class Evaluator {
 public:
  /// `own` are this rank's test examples, the ranks' in the order of the data; an item that is no row of the catalogue, of so many
  /// items, is never found. With `seen` (null: nothing is left out) the items that a user has seen in training are left out of the
  /// ranking of his queries: but not the true item of an example from its own, nor the user's test items from his list. For that and
  /// for metrics of users the examples must have users. The references must outlive the evaluator. Collective.
  Evaluator(mpi::Communicator& communicator, const base::ThreadTeam& team, onednn::Runtime& runtime,
            const features::Examples& own, std::size_t catalogue_size, std::vector<Metric> metrics,
            const ingest::UserHistory* seen = nullptr);

  /// Test examples of all ranks.
  std::int64_t examples() const { return examples_; }
  /// What is measured, in the order of the values.
  const std::vector<Metric>& metrics() const { return metrics_; }

  /// Ranks the catalogue, of which `catalogue` has the features of every item. Not numbers when there are no test examples. Warns once
  /// of many ties. Throws DivergedError when scores are not finite. Collective.
  MetricValues evaluate(const model::TwoTower& model, const features::FeatureRows& catalogue);
  /// The same where the vectors of this rank's shard of the catalogue are in `tiles`.
  MetricValues evaluate(const model::TwoTower& model, ScoreTiles& tiles);

  /// What the same metrics are without a model. Collective.
  Baselines baselines(const PopularityOrder& order) const;

  /// Of ties nothing is said.
  void warn_no_more() { has_warned_of_ties_ = true; }

  /// Floating-point operations of the matrix products of the last evaluation on this rank: two for each multiply-add.
  std::int64_t flops() const { return flops_; }

 private:
  /// The values of the accuracies among metrics().
  MetricValues accuracies(const model::TwoTower& model, Embedder& embedder, ScoreTiles& tiles);
  /// The values of the others.
  MetricValues metrics_of_users(const model::TwoTower& model, Embedder& embedder, ScoreTiles& tiles);
  void warn_of_ties(double share);
  RankingTask task() const;

  mpi::Communicator& communicator_;
  const base::ThreadTeam& team_;
  onednn::Runtime& runtime_;
  const features::Examples& own_;
  std::size_t catalogue_size_;
  std::vector<Metric> metrics_;
  const ingest::UserHistory* seen_;
  std::int64_t examples_;
  std::optional<UserQueries> user_queries_;  // where there are metrics of users
  bool has_warned_of_ties_ = false;
  std::int64_t flops_ = 0;
};

}  // namespace gemel::evaluation
