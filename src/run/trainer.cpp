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
#include <utility>

#include "base/error.hpp"
#include "base/memory.hpp"
#include "base/stop_signals.hpp"
#include "ingest/training_data.hpp"
#include "mpi/agreement.hpp"
#include "mpi/lone_failure.hpp"
#include "mpi/watchdog.hpp"
#include "options/settings.hpp"
#include "plan/table_plan.hpp"
#include "report/run_reporter.hpp"
#include "run/checkpoint_file.hpp"
#include "run/copies.hpp"
#include "run/divergence.hpp"
#include "run/due.hpp"
#include "run/early_stop.hpp"
#include "run/epochs.hpp"
#include "run/evaluations.hpp"
#include "run/instruction_sets.hpp"
#include "run/run_checkpoints.hpp"
#include "step/learner.hpp"

namespace gemel::run {
namespace {

using Clock = std::chrono::steady_clock;

class Run {
 public:
  Run(const TrainingOptions& options, mpi::Communicator& communicator, report::Observer& on_root,
      std::unique_ptr<EarlierCheckpoint> earlier)
      : options_(options),
        communicator_(communicator),
        reporter_(communicator, on_root, options.trace_file),
        checkpoints_(options_, communicator, std::move(earlier)),
        data_(read_and_prepare()),
        plan_(plan::plan_tables(options_, data_, program_bytes_, communicator)),
        learner_(options_, data_, plan_.placements(communicator.rank()), communicator, reporter_.timer(),
                 reporter_.traffic()),
        epochs_(learner_, communicator, reporter_, [this] { return checkpoints_.is_busy(); }),
        evaluations_(options_, data_, learner_, communicator, reporter_) {
    state_.lane_losses.assign(static_cast<std::size_t>(options.lanes), 0.0);
  }

  void train() {
    end_if_asked_to_stop(communicator_, "while preparing the data");
    resume();
    if (checkpoints_.resumed_from().empty()) start();
    reporter_.start(describe());
    if (has_ended()) evaluate_again();
    for (bool stops = false; !has_ended() && !stops;) {
      stops = train_epoch();
      if (state_.step_in_epoch < learner_.steps_per_epoch()) break;  // stopped in the middle
      finish_epoch();
      if (is_due(options_.validate_every, state_.epoch) || state_.epoch == options_.epoch_count()) validate();
      save_if_due(Interval::Unit::epochs, state_.epoch);
      after_step();
    }
    if (state_.step != saved_step_) save();
    finish_saving();
    if (has_ended()) evaluate_in_the_end();
    reporter_.summary(state_, outcome());
    if (!has_ended()) throw_interrupted();
  }

 private:
  ingest::TrainingData read_and_prepare() {
    reporter_.activity("reading the data");
    ingest::Dataset dataset = ingest::read_data(options_, communicator_);
    end_if_asked_to_stop(communicator_, "while reading the data");
    checkpoints_.check_settings();
    return ingest::prepare_data(options_, std::move(dataset), communicator_, checkpoints_.earlier());
  }

  void resume() {
    const auto timing = reporter_.timer().measure(metering::Phase::checkpoint);
    auto state = checkpoints_.load(learner_, data_);
    if (!state) return;
    state_ = std::move(*state);
    saved_step_ = state_.step;
    evaluations_.recall(state_);
  }

  /// A run that does not go on with an earlier one.
  void start() {
    const WarmStartOptions& warm = options_.warm_start;
    const auto begin = Clock::now();
    learner_.start([&](std::int64_t sweep) {
      reporter_.activity(fmt::format("least squares, sweep {} of {}", sweep, warm.sweeps));
      end_if_asked_to_stop(communicator_, "during the warm start");
    });
    reporter_.training_took(std::chrono::duration<double>(Clock::now() - begin).count());
    if (warm.kind == WarmStartKind::none) return;
    spdlog::info("embeddings of ids begin from {} sweeps of least squares", warm.sweeps);
  }

  /// Also when the run begins, where it goes on from a checkpoint that lacks nothing.
  bool has_ended() const {
    return state_.epoch >= options_.epoch_count() || evaluations_.is_out_of_patience();
  }

  /// Measures the model of a checkpoint that lacks nothing, as the run that wrote it did at its end.
  void evaluate_again() {
    const bool is_short = state_.epoch < options_.epoch_count();  // of what is asked for
    spdlog::info("{} has {} epochs already and --epochs asks for {}{}: nothing is left to train",
                 checkpoints_.resumed_from().string(), state_.epoch, options_.epoch_count(),
                 is_short ? fmt::format(", but --patience {} is at its end", options_.patience) : "");
    evaluations_.validate_again(state_);
  }

  /// Trains the rest of the current epoch, or up to the step at which a signal is heeded: returns whether one was.
  bool train_epoch() {
    const Epochs::End end = epochs_.train(state_, [&] { after_step(); });
    if (end == Epochs::End::diverged) end_diverged();
    return end == Epochs::End::stopped;
  }

  void finish_epoch() {
    const double loss = epochs_.mean_loss(state_, data_.identity.train_examples);
    if (!std::isfinite(loss) || epochs_.first_step_not_finite() > 0) end_diverged();
    ++state_.epoch;
    state_.step_in_epoch = 0;
    std::ranges::fill(state_.lane_losses, 0.0);
    state_.history.push_back(
        {state_.epoch, state_.step, loss,
         std::vector<double>(evaluations_.metrics().size(), std::numeric_limits<double>::quiet_NaN())});
    reporter_.epoch(state_);
  }

  void validate() {
    const bool is_best = evaluations_.validate(state_.history.back());
    if (is_best && options_.checkpoint.keep_best) save();
  }

  void evaluate_in_the_end() {
    const std::filesystem::path best = best_checkpoint();
    evaluations_.finish(state_, best.string(), [&] {
      const auto timing = reporter_.timer().measure(metering::Phase::checkpoint);
      return checkpoints_.restore(best, learner_);
    });
  }

  /// The best checkpoint, if it is to be kept and is there; or empty. Collective.
  std::filesystem::path best_checkpoint() const {
    const std::optional<std::int64_t> step = step_to_keep();
    return step ? checkpoints_.find(*step) : std::filesystem::path();
  }

  /// Of the best checkpoint, if it is to be kept.
  std::optional<std::int64_t> step_to_keep() const {
    if (!options_.checkpoint.keep_best || !evaluations_.best()) return std::nullopt;
    return evaluations_.best()->step;
  }

  /// Collective.
  report::Outcome outcome() {
    report::Outcome outcome = evaluations_.outcome(best_checkpoint().string());
    outcome.checkpoint = checkpoints_.last().string();
    outcome.stopped_early = evaluations_.is_out_of_patience() && state_.epoch < options_.epoch_count();
    return outcome;
  }

  void save_if_due(Interval::Unit unit, std::int64_t count) {
    const Interval& every = options_.checkpoint.every;
    if (every.unit == unit && is_due(every.count, count) && state_.step != saved_step_) save();
  }

  void after_step() {
    if (is_due(options_.detect_corruption, state_.step)) {
      learner_.optimizer.settle_all();
      require_equal_copies(learner_.model, learner_.optimizer, state_.step, checkpoints_.last(),
                           communicator_);
    }
    if (!epochs_.is_any_writing()) go_on_saving();
    save_if_due(Interval::Unit::steps, state_.step);
    if (!epochs_.is_asked_to_save()) return;
    if (state_.step != saved_step_) save();
    base::StopSignals::forget_checkpoint();  // which may have reached ranks at different steps
  }

  /// Begins to write a checkpoint, once the one before it is written.
  void save() {
    finish_saving();
    save_began_ = Clock::now();
    reporter_.activity("writing a checkpoint");
    {
      const auto timing = reporter_.timer().measure(metering::Phase::checkpoint);
      learner_.optimizer.settle_all();
      epochs_.gather_lane_losses(state_);
      checkpoints_.save(learner_, data_, state_, step_to_keep());
    }
    saved_step_ = state_.step;
    save_waited_ = Clock::now() - save_began_;
    if (options_.checkpoint.wait) finish_saving();
  }

  /// Where a checkpoint is under way, and no rank is busy with it.
  void go_on_saving() {
    if (!checkpoints_.is_writing()) return;
    report_saved([&] { return checkpoints_.go_on(); });
  }

  void finish_saving() {
    if (!checkpoints_.is_writing()) return;
    reporter_.activity("writing a checkpoint");
    report_saved([&] { return checkpoints_.finish(); });
  }

  template <class Write>
  void report_saved(const Write& write) {
    const auto start = Clock::now();
    std::optional<WrittenCheckpoint> written;
    {
      const auto timing = reporter_.timer().measure(metering::Phase::checkpoint);
      written = write();
    }
    save_waited_ += Clock::now() - start;
    if (!written) return;
    const auto seconds = [](Clock::duration time) { return std::chrono::duration<double>(time).count(); };
    reporter_.checkpoint({written->epoch, written->step, written->path.string(),
                          seconds(Clock::now() - save_began_), seconds(save_waited_),
                          static_cast<std::int64_t>(written->bytes)});
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
    report.steps_per_epoch = learner_.steps_per_epoch();
    report.epochs = options_.epoch_count();
    report.ranks = communicator_.size();
    report.threads = options_.threads;
    report.first_epoch = state_.epoch;
    report.plan = plan_;
    report.resumed_from = checkpoints_.resumed_from().string();
    report.settings = options::data_settings(options_);
    return report;
  }

  [[noreturn]] void end_diverged() {
    if (const std::int64_t step = epochs_.first_step_not_finite(); step > 0) {
      const std::string path = first_not_finite(learner_.model, learner_.optimizer, communicator_);
      throw_diverged(fmt::format("{} has values that are no longer finite numbers, in epoch {}",
                                 path.empty() ? "the model" : path, state_.epoch + 1),
                     step, options_, checkpoints_.last());
    }
    throw_diverged(
        fmt::format("the loss or its gradient is no longer a finite number in epoch {}", state_.epoch + 1),
        state_.step, options_, checkpoints_.last());
  }

  [[noreturn]] void throw_interrupted() {
    throw mpi::AgreedError(base::ExitCode::interrupted,
                           fmt::format("stopped by {} in epoch {} after step {}; go on with --resume auto",
                                       name_of_stop(communicator_),
                                       state_.epoch + (state_.step_in_epoch > 0 ? 1 : 0), state_.step));
  }

  TrainingOptions options_;  // settled when the data is read
  mpi::Communicator& communicator_;
  report::RunReporter reporter_;

  const double program_bytes_ = static_cast<double>(base::resident_memory());  // before data is read
  RunCheckpoints checkpoints_;
  ingest::TrainingData data_;
  plan::Plan plan_;
  step::Learner learner_;
  Epochs epochs_;
  Evaluations evaluations_;

  step::TrainingState state_;
  std::int64_t saved_step_ = 0;
  Clock::time_point save_began_;
  Clock::duration save_waited_{};
};

}  // namespace

void train(const TrainingOptions& options, mpi::Communicator& communicator, report::Observer& on_root,
           std::unique_ptr<EarlierCheckpoint> earlier) {
  const base::StopSignals signals;
  mpi::Watchdog::set_limit(std::chrono::seconds(options.hang_timeout));
  mpi::agree(communicator, [&] { check(options); });
  end_if_asked_to_stop(communicator, "at the start");
  require_one_instruction_set(communicator);
  Run run(options, communicator, on_root, std::move(earlier));
  mpi::or_end_job(communicator, [&] { run.train(); });
}

}  // namespace gemel::run
