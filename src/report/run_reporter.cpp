#include "report/run_reporter.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "base/memory.hpp"
#include "base/place.hpp"

namespace gemel::report {

RunReporter::RunReporter(mpi::Communicator& communicator, Observer& on_root, const std::string& trace_file)
    : communicator_(communicator), observer_(on_root), traffic_(communicator) {
  if (trace_file.empty()) return;
  trace_.emplace(trace_file, communicator);
  timer_.record_to(&trace_->recorder());
}

void RunReporter::activity(const std::string& what) {
  base::Place::of_process().set_activity(what);
  if (communicator_.is_root()) observer_.on_activity(what);
}

void RunReporter::start(const RunReport& report) {
  run_ = report;
  if (communicator_.is_root()) observer_.on_run(run_);
}

void RunReporter::begin_step(std::int64_t step) {
  base::Place::of_process().set_activity("");
  base::Place::of_process().set_step(step);
  if (trace_) trace_->recorder().begin_step(step);
}

void RunReporter::step(const step::TrainingState& state) {
  if (!communicator_.is_root()) return;
  observer_.on_step({state.epoch + 1, run_.epochs, state.step_in_epoch, run_.steps_per_epoch});
}

void RunReporter::epoch(const step::TrainingState& state) {
  EpochReport report;
  report.epoch = state.epoch;
  report.step = state.step;
  report.loss = state.history.back().loss;
  report.seconds = std::exchange(epoch_seconds_, 0.0);
  report.examples_per_second = static_cast<double>(run_.train_examples) / report.seconds;
  for (std::size_t i = 0; i < report.phases.size(); ++i)
    report.phases[i] = timer_.all()[i] - reported_phases_[i];
  for (std::size_t i = 0; i < report.bytes.size(); ++i)
    report.bytes[i] = traffic_.all()[i] - reported_bytes_[i];
  reported_phases_ = timer_.all();
  reported_bytes_ = traffic_.all();
  communicator_.sum(std::span(report.bytes));
  training_seconds_ += report.seconds;
  if (communicator_.is_root()) observer_.on_epoch(report);
}

void RunReporter::validation(const step::EpochRecord& record, ingest::Part part, const MetricValues& metrics,
                             double seconds) {
  if (!communicator_.is_root()) return;
  const std::int64_t examples =
      part == ingest::Part::validation ? run_.validation_examples : run_.test_examples;
  observer_.on_validation({record.epoch, record.step, metrics, record.loss, seconds,
                           static_cast<double>(examples) / seconds, part});
}

void RunReporter::checkpoint(const CheckpointReport& report) {
  if (communicator_.is_root()) observer_.on_checkpoint(report);
}

void RunReporter::summary(const step::TrainingState& state, const Outcome& outcome) {
  SummaryReport report;
  report.epoch = state.epoch;
  report.step = state.step;
  report.loss = state.history.empty() ? std::numeric_limits<double>::quiet_NaN() : state.history.back().loss;
  report.metrics = outcome.metrics;
  report.baselines = outcome.baselines;
  report.part = outcome.part;
  report.best = outcome.best;
  report.stopped_early = outcome.stopped_early;
  report.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  report.training_seconds = training_seconds_ + epoch_seconds_;
  report.evaluation_seconds = timer_.seconds(metering::Phase::evaluation);
  report.checkpoint_seconds = timer_.seconds(metering::Phase::checkpoint);
  const auto examples = static_cast<double>((state.epoch - run_.first_epoch) * run_.train_examples);
  report.examples_per_second = training_seconds_ > 0 ? examples / training_seconds_ : 0;
  report.checkpoint = outcome.checkpoint;
  report.interrupted = state.epoch < run_.epochs && !outcome.stopped_early;
  report.peak_memory = communicator_.max(base::peak_memory());
  gather_phases(report);
  gather_rates(report);
  report.bytes = traffic_.all();
  communicator_.sum(std::span(report.bytes));
  if (communicator_.is_root()) observer_.on_summary(report);
  if (trace_) trace_->write();
}

/// Seconds by phase: least, mean and most over ranks. Collective.
void RunReporter::gather_phases(SummaryReport& report) {
  const std::vector<PhaseSeconds> all = communicator_.all_gather(timer_.all());
  report.phase_min = all.front();
  report.phase_max = all.front();
  for (const PhaseSeconds& seconds : all) {
    for (std::size_t i = 0; i < seconds.size(); ++i) {
      report.phase_min[i] = std::min(report.phase_min[i], seconds[i]);
      report.phase_max[i] = std::max(report.phase_max[i], seconds[i]);
      report.phase_mean[i] += seconds[i] / static_cast<double>(all.size());
    }
  }
}

/// Operations a second, and how far exchanges overlapped with work, over ranks. Collective.
void RunReporter::gather_rates(SummaryReport& report) {
  std::vector<std::int64_t> operations(timer_.operations().begin(), timer_.operations().end());
  communicator_.sum(std::span(operations));
  std::array<metering::PhaseTimer::Flight, metering::phase_names.size()> flights{};
  for (const auto& of_rank : communicator_.all_gather(timer_.flights())) {
    for (std::size_t i = 0; i < flights.size(); ++i) {
      flights[i].seconds += of_rank[i].seconds;
      flights[i].waited += of_rank[i].waited;
    }
  }
  for (std::size_t i = 0; i < flights.size(); ++i) {
    const double seconds = report.phase_mean[i] * static_cast<double>(communicator_.size());
    report.phase_flops[i] = operations[i] > 0 ? static_cast<double>(operations[i]) / seconds : 0;
    if (communicator_.size() > 1 && flights[i].seconds > 0)
      report.phase_overlap[i] = 1 - flights[i].waited / flights[i].seconds;
  }
}

}  // namespace gemel::report
