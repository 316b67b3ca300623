#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "metering/phase_timer.hpp"
#include "metering/traffic_meter.hpp"
#include "mpi/communicator.hpp"
#include "report/observer.hpp"
#include "step/training_state.hpp"

namespace gemel::report {

/// How a run has ended, beside its state.
struct Outcome {
  MetricValues metrics;
  ingest::Part part = ingest::Part::test;  ///< of which examples these are
  std::string checkpoint;                  ///< the last one
  std::optional<BestReport> best;
  bool stopped_early = false;
};

/// Tells an observer on root how a run goes: takes the times, and gathers what only all ranks together know.
class RunReporter {
 public:
  using Clock = std::chrono::steady_clock;

  /// The references must outlive the reporter.
  RunReporter(mpi::Communicator& communicator, Observer& on_root, const metering::PhaseTimer& timer,
              const metering::TrafficMeter& traffic)
      : communicator_(communicator), observer_(on_root), timer_(timer), traffic_(traffic) {}

  /// What the run does from now on, other than training.
  void activity(const std::string& what);

  /// The run begins, with `report.first_epoch` epochs done before.
  void start(const RunReport& report);

  /// Time in which an epoch's steps are computed; an epoch that is interrupted and resumed has several such times.
  void training_took(double seconds) { epoch_seconds_ += seconds; }

  void step(const step::TrainingState& state);
  /// An epoch is finished; its record is the last one of the history. Collective.
  void epoch(const step::TrainingState& state);
  /// Examples of `part` were evaluated after an epoch.
  void validation(const step::EpochRecord& record, ingest::Part part, const MetricValues& metrics,
                  double seconds);
  void checkpoint(const step::TrainingState& state, const std::string& path, double seconds,
                  std::int64_t bytes);
  /// Collective.
  void summary(const step::TrainingState& state, const Outcome& outcome);

 private:
  mpi::Communicator& communicator_;
  Observer& observer_;
  const metering::PhaseTimer& timer_;
  const metering::TrafficMeter& traffic_;
  Clock::time_point start_ = Clock::now();
  RunReport run_;
  double epoch_seconds_ = 0;     // of training, in the epoch under way
  double training_seconds_ = 0;  // of finished epochs
  PhaseSeconds reported_phases_{};
  metering::TrafficBytes reported_bytes_{};
};

}  // namespace gemel::report
