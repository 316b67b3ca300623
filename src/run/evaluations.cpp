#include "run/evaluations.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "mpi/agreement.hpp"
#include "run/due.hpp"

namespace gemel::run {
namespace {

using Clock = std::chrono::steady_clock;

const step::EpochRecord& record_of(const step::TrainingState& state, const BestEpoch::Best& best) {
  return state.history[static_cast<std::size_t>(best.epoch) - 1];
}

}  // namespace

Evaluations::Evaluations(const TrainingOptions& options, const ingest::TrainingData& data,
                         step::Learner& learner, mpi::Communicator& communicator,
                         report::RunReporter& reporter)
    : options_(options),
      data_(data),
      learner_(learner),
      communicator_(communicator),
      reporter_(reporter),
      part_(data.identity.validation_examples > 0 ? ingest::Part::validation : ingest::Part::test),
      validator_(make_evaluator(part_)),
      best_(options.monitor, validator_.metrics()) {
  if (validator_.examples() > 0 || options.monitor.empty() || options.monitor == monitored_loss) return;
  throw mpi::AgreedError(
      ExitCode::usage,
      fmt::format("--monitor {}: there are no test examples; give --monitor {}, or keep some out of training",
                  options.monitor, monitored_loss));
}

evaluation::Evaluator Evaluations::make_evaluator(ingest::Part part) const {
  const bool is_test = part == ingest::Part::test;
  const auto& seen = is_test && data_.seen_before_test ? data_.seen_before_test : data_.seen;
  const bool excludes = options_.exclude_seen != SeenItems::none;
  return {communicator_,
          learner_.team,
          learner_.runtime,
          is_test ? data_.test : data_.validation,
          data_.catalogue.size(),
          make_metrics(options_.metrics, options_.top_k),
          excludes ? &*seen : nullptr};
}

void Evaluations::recall(const step::TrainingState& state) {
  if (state.history.empty()) return;
  latest_ = measured_in(state.history.back());
  for (const step::EpochRecord& record : state.history) {
    if (record.epoch > state.compared_after && was_evaluated(record)) best_.watch(record);
  }
}

MetricValues Evaluations::measured_in(const step::EpochRecord& record) const {
  MetricValues values;
  for (std::size_t i = 0; i < metrics().size(); ++i) {
    if (std::isfinite(record.metrics[i])) values.emplace_back(metrics()[i], record.metrics[i]);
  }
  return values;
}

bool Evaluations::was_evaluated(const step::EpochRecord& record) const {
  return is_due(options_.validate_every, record.epoch) || !measured_in(record).empty();
}

void Evaluations::measure(evaluation::Evaluator& evaluator, ingest::Part part,
                          const step::EpochRecord& record) {
  const auto start = Clock::now();
  reporter_.activity(fmt::format("evaluating the {} examples", ingest::part_name(part)));
  {
    const auto timing = reporter_.timer().measure(metering::Phase::evaluation);
    learner_.optimizer.settle_all();
    const learning::AveragedWeights averaged(learner_.optimizer);
    const auto counting = reporter_.traffic().measure(metering::Traffic::evaluation);
    latest_ = evaluator.evaluate(learner_.model, data_.catalogue);
    reporter_.timer().add_operations(metering::Phase::evaluation, evaluator.flops());
    latest_part_ = part;
  }
  reporter_.validation(record, part, latest_, std::chrono::duration<double>(Clock::now() - start).count());
}

bool Evaluations::validate(step::EpochRecord& record) {
  if (validator_.examples() > 0) {
    measure(validator_, part_, record);
    for (std::size_t i = 0; i < latest_.size(); ++i) record.metrics[i] = latest_[i].second;
  }
  return best_.watch(record);
}

void Evaluations::validate_again(const step::TrainingState& state) {
  if (validator_.examples() == 0) return;
  step::EpochRecord now = state.history.back();
  now.step = state.step;  // an epoch may be under way
  measure(validator_, part_, now);
}

void Evaluations::finish(const step::TrainingState& state, const std::string& best_checkpoint,
                         const std::function<bool()>& restore) {
  const bool is_best_earlier = !best_checkpoint.empty() && best()->step != state.step;
  if (part_ == ingest::Part::test) {
    if (is_best_earlier) latest_ = measured_in(record_of(state, *best()));
    return compare(validator_);
  }
  evaluation::Evaluator tester = make_evaluator(ingest::Part::test);
  if (tester.examples() == 0) return compare(validator_);
  const bool is_restored = is_best_earlier && restore();
  measure(tester, ingest::Part::test, is_restored ? record_of(state, *best()) : state.history.back());
  compare(tester);
}

void Evaluations::compare(const evaluation::Evaluator& evaluator) {
  if (evaluator.examples() == 0) return;
  const auto timing = reporter_.timer().measure(metering::Phase::evaluation);
  const auto counting = reporter_.traffic().measure(metering::Traffic::evaluation);
  baselines_ = evaluator.baselines(evaluation::PopularityOrder(data_.item_counts));
  evaluation::warn_of_losing(latest_, baselines_.popularity);
}

bool Evaluations::is_out_of_patience() const {
  return options_.patience > 0 && best_.evaluations_since_best() >= options_.patience;
}

report::Outcome Evaluations::outcome(const std::string& best_checkpoint) const {
  report::Outcome outcome;
  outcome.metrics = latest_;
  outcome.part = latest_part_;
  outcome.baselines = baselines_;
  if (best()) outcome.best = {best_.monitor(), best()->value, best()->epoch, best()->step, best_checkpoint};
  return outcome;
}

}  // namespace gemel::run
