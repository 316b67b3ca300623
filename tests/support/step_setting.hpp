#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "ingest/training_data.hpp"
#include "metering/phase_timer.hpp"
#include "plan/job_shape.hpp"
#include "step/training_step.hpp"

namespace gemel::test {

/// What the steps of a run with these options work on, without the trainer around them.
struct StepSetting {
  explicit StepSetting(const TrainingOptions& of_run)
      : options(of_run),
        data(ingest::prepare_data(options, world)),
        job(plan::describe_job(options, data, world.size(), {}, world)),
        plan(plan::make_plan(job, plan::read_placements(options.placements, job))),
        lanes(options.lanes, world.size(), world.rank()),
        team(options.threads),
        runtime(options.threads),
        model(data.query_features, data.candidate_features, options.model, options.seed,
              plan.placements(world.rank())),
        loss(options.loss, data.item_counts, options.seed, model.dense(),
             options.loss.mask_seen ? &*data.seen : nullptr),
        optimizer(options.optimizer, model),
        deal(lanes, world, std::move(data.train), std::move(data.train_numbers), data.identity.train_examples,
             options.batch_size, options.seed),
        traffic(world),
        step({lanes, world, team, runtime, deal, data.catalogue, model, loss, optimizer, timer, traffic}),
        losses(static_cast<std::size_t>(lanes.lanes.size()), 0.0) {}

  /// Runs all steps of the epoch that was dealt. Collective.
  void run_epoch() {
    for (std::int64_t batch = 0; batch < deal.batches(); ++batch) step.run(batch, 0, losses);
  }

  const TrainingOptions options;
  mpi::Communicator world = mpi::Communicator::world();
  ingest::TrainingData data;
  plan::JobShape job;
  plan::Plan plan;
  exchange::LaneLayout lanes;
  base::ThreadTeam team;
  onednn::Runtime runtime;
  model::TwoTower model;
  learning::InBatchSoftmax loss;
  learning::Optimizer optimizer;
  step::EpochDeal deal;
  metering::PhaseTimer timer;
  metering::TrafficMeter traffic;
  step::TrainingStep step;
  std::vector<double> losses;  // of own lanes
};

}  // namespace gemel::test
