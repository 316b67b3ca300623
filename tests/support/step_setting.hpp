#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "ingest/training_data.hpp"
#include "metering/phase_timer.hpp"
#include "plan/table_plan.hpp"
#include "step/learner.hpp"

namespace gemel::test {

/// What the steps of a run with these options work on, without the trainer around them.
struct StepSetting {
  /// The run goes on from `earlier`, if there is one.
  explicit StepSetting(const TrainingOptions& of_run, const ingest::EarlierRun* earlier = nullptr)
      : options(of_run),
        data(prepare(options, world, earlier)),
        plan(plan::plan_tables(options, data, 0, world)),
        traffic(world),
        learner(options, data, plan.placements(world.rank()), world, timer, traffic),
        losses(static_cast<std::size_t>(learner.layout.lanes.size()), 0.0) {}

  static ingest::TrainingData prepare(TrainingOptions options, mpi::Communicator& world,
                                      const ingest::EarlierRun* earlier) {
    ingest::Dataset dataset = ingest::read_data(options, world);
    return ingest::prepare_data(options, std::move(dataset), world, earlier);
  }

  /// Runs all steps of the epoch that was begun. Collective.
  void run_epoch() {
    for (std::int64_t step = 0; step < learner.steps_per_epoch(); ++step) learner.run_step(step, 0, losses);
  }

  const TrainingOptions options;
  mpi::Communicator world = mpi::Communicator::world();
  ingest::TrainingData data;
  plan::Plan plan;
  metering::PhaseTimer timer;
  metering::TrafficMeter traffic;
  step::Learner learner;
  std::vector<double> losses;  // of own lanes
};

}  // namespace gemel::test
