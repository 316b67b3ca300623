#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "gemel/exchange/lane_team.hpp"
#include "gemel/ingest/epoch_deal.hpp"
#include "gemel/ingest/feature.hpp"
#include "gemel/model/two_tower.hpp"
#include "gemel/mpi/communicator.hpp"
#include "gemel/onednn/runtime.hpp"

namespace gemel::evaluation {

/// (k, share of the test examples in whose list of candidates fewer than k score higher than the true one): the top-k categorical
/// accuracy of tfrs.metrics.FactorizedTopK against the whole catalogue.
using Accuracies = std::vector<std::pair<std::int64_t, double>>;

/// Ranks the whole catalogue for every test example. Each rank brings its own test examples and embeds its shard of the
/// candidates. The result does not depend on the number of ranks.
class Evaluator {
 public:
  /// `own` are this rank's test examples; `catalogue` has the features of every item; `top_k` is ascending. The references must
  /// outlive the evaluator.
  Evaluator(mpi::Communicator& communicator, const exchange::LaneTeam& team, onednn::Runtime& runtime,
            const ingest::Examples& own, const ingest::FeatureRows& catalogue,
            std::vector<std::int64_t> top_k);

  /// Test examples of all ranks.
  std::int64_t examples() const { return examples_; }

  /// Collective.
  Accuracies evaluate(const model::TwoTower& model);

 private:
  mpi::Communicator& communicator_;
  const exchange::LaneTeam& team_;
  onednn::Runtime& runtime_;
  const ingest::Examples& own_;
  const ingest::FeatureRows& catalogue_;
  std::vector<std::int64_t> top_k_;
  std::int64_t examples_;
};

}  // namespace gemel::evaluation
