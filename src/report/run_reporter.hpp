#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "metering/phase_timer.hpp"
#include "metering/traffic_meter.hpp"
#include "mpi/communicator.hpp"
#include "report/observer.hpp"
#include "report/trace_file.hpp"
#include "step/training_state.hpp"

namespace gemel::report {

/// How a run has ended, beside its state.
struct Outcome {
  MetricValues metrics;
  evaluation::Baselines baselines;         ///< on the same examples; empty where the run has not finished
  ingest::Part part = ingest::Part::test;  ///< of which examples these are
  std::string checkpoint;                  ///< the last one
  std::optional<BestReport> best;
  bool stopped_early = false;
};

/// Tells an observer on root how a run goes: takes the times, and gathers what only all ranks together know.
class RunReporter {
 public:
  /// Records phases for a trace from now on, if `trace_file` names a file for it (empty: none). The references must outlive the reporter.
  /// Throws AgreedError (usage) when that cannot be written. Collective.
  RunReporter(mpi::Communicator& communicator, Observer& on_root, const std::string& trace_file);
  RunReporter(const RunReporter&) = delete;
  RunReporter& operator=(const RunReporter&) = delete;

  /// What this rank spends time and bytes on is measured by these.
  metering::PhaseTimer& timer() { return timer_; }
  metering::TrafficMeter& traffic() { return traffic_; }

  /// What the run does from now on, other than training.
  void activity(const std::string& what);

  /// The run begins, with `report.first_epoch` epochs done before.
  void start(const RunReport& report);

  /// Time in which an epoch's steps are computed; an epoch that is interrupted and resumed has several such times,
  /// and the first one that of a warm start.
  void training_took(double seconds) { epoch_seconds_ += seconds; }

  /// Step `step` of the run begins.
  void begin_step(std::int64_t step);
  void step(const step::TrainingState& state);
  /// An epoch is finished; its record is the last one of the history. Collective.
  void epoch(const step::TrainingState& state);
  /// Examples of `part` were evaluated after an epoch.
  void validation(const step::EpochRecord& record, ingest::Part part, const MetricValues& metrics,
                  double seconds);
  void checkpoint(const CheckpointReport& report);
  /// The run has ended; writes the trace. Collective.
  void summary(const step::TrainingState& state, const Outcome& outcome);

 private:
  using Clock = std::chrono::steady_clock;

  void gather_phases(SummaryReport& report);
  void gather_rates(SummaryReport& report);

  mpi::Communicator& communicator_;
  Observer& observer_;
  metering::PhaseTimer timer_;
  metering::TrafficMeter traffic_;
  std::optional<TraceFile> trace_;  // where one is wanted
  const Clock::time_point start_ = Clock::now();
  RunReport run_;
  double epoch_seconds_ = 0;     // of training, in the epoch under way
  double training_seconds_ = 0;  // of finished epochs
  PhaseSeconds reported_phases_{};
  metering::TrafficBytes reported_bytes_{};
};

}  // namespace gemel::report
