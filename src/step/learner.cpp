#include "step/learner.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/error.hpp"
#include "mpi/agreement.hpp"

namespace gemel::step {
namespace {

/// Those of the user, and where the run ends. Throws AgreedError (usage) when it ends within the warm-up.
OptimizerOptions optimizer_options(const TrainingOptions& options, std::int64_t examples) {
  OptimizerOptions result = options.optimizer;
  const std::int64_t steps_per_epoch = (examples + options.batch_size - 1) / options.batch_size;
  LearningRateOptions& rate = result.learning_rate;
  rate.total_steps = options.epoch_count() * steps_per_epoch;
  if (rate.schedule == ScheduleKind::cosine && rate.warmup_steps >= rate.total_steps) {
    throw mpi::AgreedError(
        base::ExitCode::usage,
        fmt::format(
            "--warmup-steps {}: the run has only {} steps ({} epochs of {}), so the cosine would never "
            "begin; give fewer warm-up steps or more --epochs",
            rate.warmup_steps, rate.total_steps, options.epoch_count(), steps_per_epoch));
  }
  return result;
}

UnknownIds unknown_ids(const ModelOptions& options, const std::vector<features::FittedFeature>& features) {
  UnknownIds unknown = {options.unknown_share, {}};
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (features[i].spec.kind->is_id()) unknown.features.push_back(i);
  }
  if (unknown.share > 0 && unknown.features.empty()) {
    throw mpi::AgreedError(
        base::ExitCode::usage,
        fmt::format("--unknown-share {}: no query feature is a lookup, so there are no ids "
                    "to replace; leave it out",
                    options.unknown_share));
  }
  return unknown;
}

}  // namespace

Learner::Learner(const TrainingOptions& options, ingest::TrainingData& data,
                 const exchange::TablePlacements& placements, mpi::Communicator& communicator,
                 metering::PhaseTimer& timer, metering::TrafficMeter& traffic)
    : layout(options.lanes, communicator.size(), communicator.rank()),
      team(options.threads),
      runtime(options.threads),
      model(data.query_features, data.candidate_features, options.model, options.seed, placements,
            options.loss),
      loss(options.loss, data.item_counts, options.seed, model.dense(),
           options.loss.mask_seen ? &*data.seen : nullptr),
      optimizer(optimizer_options(options, data.identity.train_examples), model),
      deal(layout, communicator, std::move(data.train), {.first = data.first_train_number},
           data.identity.train_examples, options.batch_size, options.seed,
           unknown_ids(options.model, data.query_features)),
      step({layout, communicator, team, runtime, deal, data.catalogue, model, loss, optimizer, timer,
            traffic}),
      catalogue_(data.catalogue),
      warm_start_(options.warm_start),
      least_squares_(options.least_squares),
      seed_(options.seed),
      workers_{layout, communicator, team, timer, traffic} {
  if (options.optimizer.kind == OptimizerKind::als)
    sweeps_ = std::make_unique<Sweeps>(least_squares_, workers_, model);
}

void Learner::start(const std::function<void(std::int64_t)>& on_sweep) {
  if (sweeps_) sweeps_->start(seed_);
  if (warm_start_.kind == WarmStartKind::none) return;
  step::start_warm(warm_start_, least_squares_, workers_, model, deal.own(), catalogue_, seed_, on_sweep);
  optimizer.restart_averages();
}

std::int64_t Learner::steps_per_epoch() const {
  return sweeps_ ? Sweeps::steps_per_epoch : deal.batches();
}

void Learner::begin_epoch(std::int64_t epoch) {
  if (sweeps_) {
    sweeps_->deal(deal.own(), catalogue_);
  } else {
    deal.deal(epoch);
  }
}

std::uint32_t Learner::run_step(std::int64_t step_in_epoch, std::uint32_t flags,
                                std::span<double> lane_losses) {
  return sweeps_ ? sweeps_->run(step_in_epoch, flags, lane_losses)
                 : step.run(step_in_epoch, flags, lane_losses);
}

}  // namespace gemel::step
