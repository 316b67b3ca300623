#include "run/trainer.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "base/memory.hpp"
#include "evaluation/evaluator.hpp"
#include "ingest/training_data.hpp"
#include "mpi/agreement.hpp"
#include "mpi/lone_failure.hpp"
#include "options/settings.hpp"
#include "plan/table_plan.hpp"
#include "report/run_reporter.hpp"
#include "report/trace_file.hpp"
#include "run/best_epoch.hpp"
#include "run/divergence.hpp"
#include "run/instruction_sets.hpp"
#include "run/run_checkpoints.hpp"
#include "run/signals.hpp"
#include "step/learner.hpp"

namespace gemel::run {
namespace {

using base::ExitCode;
using metering::Phase;
using Clock = std::chrono::steady_clock;

/// Words that ranks tell each other at every step.
constexpr std::uint32_t stop_flag = 1;      // a signal asks this rank to stop
constexpr std::uint32_t diverged_flag = 2;  // a lane's loss is not finite

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

bool is_due(std::int64_t every, std::int64_t count) {
  return every > 0 && count % every == 0;
}

/// Throws AgreedError (usage) when a metric is monitored that there are no test examples for.
void require_monitored(const TrainingOptions& options, const evaluation::Evaluator& evaluator) {
  if (evaluator.examples() > 0 || options.monitor.empty() || options.monitor == monitored_loss) return;
  throw mpi::AgreedError(
      ExitCode::usage,
      fmt::format("--monitor {}: there are no test examples; give --monitor {}, or keep some out of training",
                  options.monitor, monitored_loss));
}

/// Records from now on what `timer` measures, if a trace is wanted. Throws AgreedError (usage). Collective.
std::unique_ptr<report::TraceFile> open_trace(const TrainingOptions& options, mpi::Communicator& communicator,
                                              metering::PhaseTimer& timer) {
  if (options.trace_file.empty()) return nullptr;
  auto trace = std::make_unique<report::TraceFile>(options.trace_file, communicator);
  timer.record_to(&trace->recorder());
  return trace;
}

class Run {
 public:
  Run(const TrainingOptions& options, mpi::Communicator& communicator, report::Observer& on_root)
      : options_(options),
        communicator_(communicator),
        trace_(open_trace(options, communicator, timer_)),
        traffic_(communicator),
        reporter_(communicator, on_root, timer_, traffic_),
        checkpoints_(options_, communicator),
        data_(read_and_prepare()),
        plan_(plan::plan_tables(options_, data_, program_bytes_, communicator)),
        learner_(options_, data_, plan_.placements(communicator.rank()), communicator, timer_, traffic_),
        validation_part_(data_.identity.validation_examples > 0 ? ingest::Part::validation
                                                                : ingest::Part::test),
        validator_(make_evaluator(validation_part_)),
        best_(options.monitor, validator_.metrics()) {
    require_monitored(options, validator_);
    state_.lane_losses.assign(static_cast<std::size_t>(options.lanes), 0.0);
    timer_.count_operations([this] { return learner_.runtime.operations(); });
  }

  void train() {
    resume();
    reporter_.start(describe());
    if (has_ended()) evaluate_again();
    while (!has_ended() && !stop_) {
      train_epoch();
      if (state_.step_in_epoch < learner_.deal.batches()) break;  // stopped in the middle
      finish_epoch();
      if (is_due(options_.validate_every, state_.epoch) || state_.epoch == options_.epochs) validate();
      save_if_due(Interval::Unit::epochs, state_.epoch);
      save_if_due(Interval::Unit::steps, state_.step);
    }
    if (state_.step != saved_step_) save();
    if (has_ended()) evaluate_in_the_end();
    reporter_.summary(state_, outcome());
    if (trace_) trace_->write();
    if (!has_ended()) throw_interrupted();
  }

 private:
  evaluation::Evaluator make_evaluator(ingest::Part part) {
    const bool is_test = part == ingest::Part::test;
    const auto& seen = is_test && data_.seen_before_test ? data_.seen_before_test : data_.seen;
    const bool excludes = options_.exclude_seen != SeenItems::none;
    return {communicator_,
            learner_.team,
            learner_.runtime,
            is_test ? data_.test : data_.validation,
            data_.catalogue,
            make_metrics(options_.metrics, options_.top_k),
            excludes ? &*seen : nullptr};
  }

  ingest::TrainingData read_and_prepare() {
    reporter_.activity("reading the data");
    ingest::Dataset dataset = ingest::read_data(options_, communicator_);
    checkpoints_.check_settings();
    return ingest::prepare_data(options_, std::move(dataset), communicator_, checkpoints_.earlier());
  }

  void resume() {
    const auto timing = timer_.measure(Phase::checkpoint);
    auto state = checkpoints_.load(checkpointed_parts());
    if (!state) return;
    state_ = std::move(*state);
    saved_step_ = state_.step;
    if (state_.history.empty()) return;
    metrics_ = measured_in(state_.history.back());
    for (const step::EpochRecord& record : state_.history) {
      if (record.epoch > state_.compared_after && was_evaluated(record)) best_.watch(record);
    }
  }

  MetricValues measured_in(const step::EpochRecord& record) const {
    MetricValues values;
    for (std::size_t i = 0; i < validator_.metrics().size(); ++i) {
      if (std::isfinite(record.metrics[i])) values.emplace_back(validator_.metrics()[i], record.metrics[i]);
    }
    return values;
  }

  bool was_evaluated(const step::EpochRecord& record) const {
    return is_due(options_.validate_every, record.epoch) || !measured_in(record).empty();
  }

  bool is_out_of_patience() const {
    return options_.patience > 0 && best_.evaluations_since_best() >= options_.patience;
  }

  /// Also when the run begins, where it goes on from a checkpoint that lacks nothing.
  bool has_ended() const { return state_.epoch >= options_.epochs || is_out_of_patience(); }

  /// Measures the model of a checkpoint that lacks nothing, as the run that wrote it did at its end.
  void evaluate_again() {
    const bool is_short = state_.epoch < options_.epochs;  // of what is asked for
    spdlog::info("{} has {} epochs already and --epochs asks for {}{}: nothing is left to train",
                 checkpoints_.resumed_from().string(), state_.epoch, options_.epochs,
                 is_short ? fmt::format(", but --patience {} is at its end", options_.patience) : "");
    if (validator_.examples() == 0) return;
    step::EpochRecord now = state_.history.back();
    now.step = state_.step;  // an epoch may be under way
    evaluate(validator_, validation_part_, now);
  }

  /// Trains the rest of the current epoch, or up to the step at which a signal is heeded.
  void train_epoch() {
    auto start = Clock::now();
    {
      const auto timing = timer_.measure(Phase::deal);
      const auto counting = traffic_.measure(metering::Traffic::deal);
      learner_.deal.deal(state_.epoch);
    }
    while (state_.step_in_epoch < learner_.deal.batches() && !stop_) {
      if (trace_) trace_->recorder().begin_step(state_.step + 1);
      const std::uint32_t flags = learner_.step.run(state_.step_in_epoch, own_flags(), own_lane_losses());
      ++state_.step_in_epoch;
      ++state_.step;
      if ((flags & diverged_flag) != 0 || !std::isfinite(learner_.step.gradient_norm())) end_diverged();
      stop_ = (flags & stop_flag) != 0;
      reporter_.step(state_);
      if (state_.step_in_epoch < learner_.deal.batches() && save_is_due(Interval::Unit::steps, state_.step)) {
        reporter_.training_took(seconds_since(start));
        save();
        start = Clock::now();
      }
    }
    reporter_.training_took(seconds_since(start));
  }

  std::span<double> own_lane_losses() {
    return std::span(state_.lane_losses)
        .subspan(static_cast<std::size_t>(learner_.layout.lanes.first),
                 static_cast<std::size_t>(learner_.layout.lanes.size()));
  }

  std::uint32_t own_flags() {
    const bool finite =
        std::ranges::all_of(own_lane_losses(), [](double loss) { return std::isfinite(loss); });
    return (StopSignals::received() ? stop_flag : 0) | (finite ? 0 : diverged_flag);
  }

  void finish_epoch() {
    gather_lane_losses();
    const double loss =
        learner_.layout.tree.sum(state_.lane_losses) / static_cast<double>(data_.identity.train_examples);
    if (!std::isfinite(loss)) end_diverged();
    ++state_.epoch;
    state_.step_in_epoch = 0;
    std::ranges::fill(state_.lane_losses, 0.0);
    state_.history.push_back(
        {state_.epoch, state_.step, loss,
         std::vector<double>(validator_.metrics().size(), std::numeric_limits<double>::quiet_NaN())});
    reporter_.epoch(state_);
  }

  /// Completes state_.lane_losses with the other ranks' lanes.
  void gather_lane_losses() {
    const auto own = own_lane_losses();
    state_.lane_losses = communicator_.all_gather_varying(std::span<const double>(own));
  }

  /// Evaluates the validation examples; the test examples, where there are none.
  void validate() {
    auto& record = state_.history.back();
    if (validator_.examples() > 0) {
      evaluate(validator_, validation_part_, record);
      for (std::size_t i = 0; i < metrics_.size(); ++i) record.metrics[i] = metrics_[i].second;
    }
    if (best_.watch(record) && options_.checkpoint.keep_best) save();
  }

  /// `record` is of the epoch after which the model is as it is, for the report.
  void evaluate(evaluation::Evaluator& evaluator, ingest::Part part, const step::EpochRecord& record) {
    const auto start = Clock::now();
    reporter_.activity(fmt::format("evaluating the {} examples", ingest::part_name(part)));
    {
      const auto timing = timer_.measure(Phase::evaluation);
      learner_.optimizer.settle_all();
      const learning::AveragedWeights averaged(learner_.optimizer);
      const auto counting = traffic_.measure(metering::Traffic::evaluation);
      metrics_ = evaluator.evaluate(learner_.model);
      evaluated_part_ = part;
    }
    reporter_.validation(record, part, metrics_, seconds_since(start));
  }

  /// Where the best checkpoint is kept, what the summary tells is measured on it. The test examples of a run that has others for
  /// validation are evaluated here and nowhere else, with its model.
  void evaluate_in_the_end() {
    const std::filesystem::path best = best_checkpoint();
    const bool is_best_earlier = !best.empty() && best_.best()->step != state_.step;
    if (validation_part_ == ingest::Part::test) {
      if (is_best_earlier) metrics_ = measured_in(best_record());
      return;
    }
    evaluation::Evaluator tester = make_evaluator(ingest::Part::test);
    if (tester.examples() == 0) return;
    const bool is_restored = is_best_earlier && restore(best);
    evaluate(tester, ingest::Part::test, is_restored ? best_record() : state_.history.back());
  }

  /// The best checkpoint, if it is to be kept and is there; or empty. Collective.
  std::filesystem::path best_checkpoint() const {
    if (!options_.checkpoint.keep_best || !best_.best()) return {};
    return checkpoints_.find(best_.best()->step);
  }

  const step::EpochRecord& best_record() const {
    return state_.history[static_cast<std::size_t>(best_.best()->epoch) - 1];
  }

  bool restore(const std::filesystem::path& path) {
    const auto timing = timer_.measure(Phase::checkpoint);
    return checkpoints_.restore(path, checkpointed_parts());
  }

  /// Collective.
  report::Outcome outcome() {
    report::Outcome outcome{metrics_, evaluated_part_, checkpoints_.last().string(), std::nullopt, false};
    if (!best_.best()) return outcome;
    const BestEpoch::Best& best = *best_.best();
    outcome.best =
        report::BestReport{best_.monitor(), best.value, best.epoch, best.step, best_checkpoint().string()};
    outcome.stopped_early = is_out_of_patience() && state_.epoch < options_.epochs;
    return outcome;
  }

  bool save_is_due(Interval::Unit unit, std::int64_t count) const {
    return options_.checkpoint.every.unit == unit && is_due(options_.checkpoint.every.count, count) &&
           state_.step != saved_step_;
  }

  void save_if_due(Interval::Unit unit, std::int64_t count) {
    if (save_is_due(unit, count)) save();
  }

  void save() {
    const auto start = Clock::now();
    std::int64_t bytes = 0;
    reporter_.activity("writing a checkpoint");
    {
      const auto timing = timer_.measure(Phase::checkpoint);
      learner_.optimizer.settle_all();
      gather_lane_losses();
      bytes = checkpoints_.save(checkpointed_parts(), state_, step_to_keep());
    }
    saved_step_ = state_.step;
    reporter_.checkpoint(state_, checkpoints_.last().string(), seconds_since(start), bytes);
  }

  /// Of the best checkpoint, if it is to be kept.
  std::optional<std::int64_t> step_to_keep() const {
    if (!options_.checkpoint.keep_best || !best_.best()) return std::nullopt;
    return best_.best()->step;
  }

  CheckpointedParts checkpointed_parts() {
    return {learner_.team, learner_.runtime, data_, learner_.model, learner_.optimizer};
  }

  report::RunReport describe() {
    report::RunReport report;
    report.data = data_.identity.name;
    report.interactions = data_.identity.interactions;
    report.train_examples = data_.identity.train_examples;
    report.validation_examples = data_.identity.validation_examples;
    report.test_examples = data_.identity.test_examples;
    report.candidates = static_cast<std::int64_t>(data_.catalogue.size());
    report.dense_parameters = static_cast<std::int64_t>(learner_.model.dense().size());
    for (const model::EmbeddingTable* table : std::as_const(learner_.model).tables()) {
      report.table_parameters += table->rows() * static_cast<std::int64_t>(table->dim());
    }
    report.steps_per_epoch = learner_.deal.batches();
    report.epochs = options_.epochs;
    report.ranks = communicator_.size();
    report.threads = options_.threads;
    report.first_epoch = state_.epoch;
    report.plan = plan_;
    report.resumed_from = checkpoints_.resumed_from().string();
    report.settings = options::data_settings(options_);
    return report;
  }

  [[noreturn]] void end_diverged() {
    throw_diverged(
        fmt::format("the loss or its gradient is no longer a finite number in epoch {}", state_.epoch + 1),
        state_.step, options_, checkpoints_.last());
  }

  [[noreturn]] void throw_interrupted() {
    throw mpi::AgreedError(
        ExitCode::interrupted,
        fmt::format("stopped by a signal in epoch {} after step {}; go on with --resume auto",
                    state_.epoch + (state_.step_in_epoch > 0 ? 1 : 0), state_.step));
  }

  TrainingOptions options_;  // settled when the data is read
  mpi::Communicator& communicator_;
  StopSignals signals_;
  metering::PhaseTimer timer_;
  std::unique_ptr<report::TraceFile> trace_;  // null when no trace is wanted
  metering::TrafficMeter traffic_;
  report::RunReporter reporter_;

  const double program_bytes_ = static_cast<double>(base::resident_memory());
  RunCheckpoints checkpoints_;
  ingest::TrainingData data_;
  plan::Plan plan_;
  step::Learner learner_;
  const ingest::Part validation_part_;
  evaluation::Evaluator validator_;
  BestEpoch best_;

  step::TrainingState state_;
  bool stop_ = false;
  std::int64_t saved_step_ = 0;
  MetricValues metrics_;  // the latest
  ingest::Part evaluated_part_ = validation_part_;
};

}  // namespace

void train(const TrainingOptions& options, mpi::Communicator& communicator, report::Observer& on_root) {
  require_one_instruction_set(communicator);
  Run run(options, communicator, on_root);
  mpi::or_end_job(communicator, [&] { run.train(); });
}

}  // namespace gemel::run
