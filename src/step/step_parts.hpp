#pragma once

#include "base/thread_team.hpp"
#include "exchange/lane_tree.hpp"
#include "features/feature.hpp"
#include "learning/in_batch_softmax.hpp"
#include "learning/optimizer.hpp"
#include "metering/phase_timer.hpp"
#include "metering/traffic_meter.hpp"
#include "model/two_tower.hpp"
#include "mpi/communicator.hpp"
#include "onednn/runtime.hpp"
#include "step/epoch_deal.hpp"

namespace gemel::step {

/// What a step is made of and works on. The references must outlive the step.
struct StepParts {
  const exchange::LaneLayout& layout;
  mpi::Communicator& communicator;
  const base::ThreadTeam& team;
  onednn::Runtime& runtime;
  const EpochDeal& deal;
  const features::FeatureRows& catalogue;  ///< features of every item
  model::TwoTower& model;
  learning::InBatchSoftmax& loss;
  learning::Optimizer& optimizer;
  metering::PhaseTimer& timer;
  metering::TrafficMeter& traffic;
};

}  // namespace gemel::step
