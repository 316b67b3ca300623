#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/thread_team.hpp"
#include "exchange/lane_tree.hpp"
#include "exchange/placement.hpp"
#include "gemel/options.hpp"
#include "ingest/training_data.hpp"
#include "learning/in_batch_softmax.hpp"
#include "learning/optimizer.hpp"
#include "metering/phase_timer.hpp"
#include "metering/traffic_meter.hpp"
#include "model/two_tower.hpp"
#include "mpi/communicator.hpp"
#include "onednn/runtime.hpp"
#include "step/epoch_deal.hpp"
#include "step/sweeps.hpp"
#include "step/training_step.hpp"

namespace gemel::step {

/// What learns from data as options say: the model with its loss and its optimiser, and the steps that train it, put together. There
/// is no other place where they are.
class Learner {
 public:
  /// Takes the training examples out of `data`; its catalogue and its users' items it refers to. Tables are where `placements` say.
  /// The references must outlive the learner, but for `options`. Throws AgreedError (usage) for a warm-up as long as the run, and for
  /// unknown ids without a feature that has any. Collective.
  Learner(const TrainingOptions& options, ingest::TrainingData& data,
          const exchange::TablePlacements& placements, mpi::Communicator& communicator,
          metering::PhaseTimer& timer, metering::TrafficMeter& traffic);
  Learner(const Learner&) = delete;
  Learner& operator=(const Learner&) = delete;

  exchange::LaneLayout layout;
  base::ThreadTeam team;
  onednn::Runtime runtime;
  model::TwoTower model;
  learning::InBatchSoftmax loss;
  learning::Optimizer optimizer;
  EpochDeal deal;
  TrainingStep step;

  /// For a run that does not go on with an earlier one, before its first step. Where it is to start warm, embeddings of ids become
  /// factors by least squares; `on_sweep` is told how many sweeps are done. Collective.
  void start(const std::function<void(std::int64_t)>& on_sweep);

  // An epoch is a pass in batches or, with the optimiser als, a sweep in two steps.
  std::int64_t steps_per_epoch() const;
  /// Before steps of epoch `epoch` (from 0). Collective.
  void begin_epoch(std::int64_t epoch);
  /// As TrainingStep::run. Collective.
  std::uint32_t run_step(std::int64_t step_in_epoch, std::uint32_t flags, std::span<double> lane_losses);

 private:
  const features::FeatureRows& catalogue_;
  WarmStartOptions warm_start_;
  LeastSquaresOptions least_squares_;
  std::uint64_t seed_;
  learning::Workers workers_;
  std::unique_ptr<Sweeps> sweeps_;  // of the optimiser als; else none
};

}  // namespace gemel::step
