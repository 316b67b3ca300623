#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evaluation/baselines.hpp"
#include "evaluation/metric.hpp"
#include "ingest/part.hpp"
#include "metering/phase_timer.hpp"
#include "metering/traffic.hpp"
#include "plan/plan.hpp"

namespace gemel::report {

/// Seconds by phase.
using PhaseSeconds = std::array<double, metering::phase_names.size()>;

/// What the run is about to do.
struct RunReport {
  std::string data;  ///< name of the data set
  std::int64_t interactions = 0;
  std::int64_t train_examples = 0;
  std::int64_t validation_examples = 0;
  std::int64_t test_examples = 0;
  std::int64_t candidates = 0;
  std::int64_t dense_parameters = 0;
  std::int64_t table_parameters = 0;
  std::int64_t steps_per_epoch = 0;
  std::int64_t epochs = 0;  ///< those done before included
  int ranks = 1;
  int threads = 1;
  std::int64_t first_epoch = 0;  ///< epochs already done, when resumed
  std::string resumed_from;      ///< path of the checkpoint, or empty
  plan::Plan plan = {};          ///< where the tables are, and what a rank needs and sends
  /// Every effective setting, as (option name, value), in the order of --help. Of the trainer only those that the data has settled.
  std::vector<std::pair<std::string, std::string>> settings;
};

struct StepReport {
  std::int64_t epoch = 0;  ///< 1 is the first
  std::int64_t epochs = 0;
  std::int64_t step_in_epoch = 0;  ///< 1 is the first
  std::int64_t steps_per_epoch = 0;
};

struct EpochReport {
  std::int64_t epoch = 0;
  std::int64_t step = 0;  ///< steps since the start of training
  double loss = 0;        ///< mean per example
  double seconds = 0;     ///< wall time of training in this epoch
  double examples_per_second = 0;
  PhaseSeconds phases{};           ///< of root, in this epoch
  metering::TrafficBytes bytes{};  ///< in this epoch, summed over ranks
};

struct ValidationReport {
  std::int64_t epoch = 0;
  std::int64_t step = 0;
  MetricValues metrics;
  double loss = 0;  ///< of the last finished epoch of training
  double seconds = 0;
  double examples_per_second = 0;  ///< examples ranked per second
  /// Which examples: those for validation where there are any, and those for the test at the end of the run or else all along.
  ingest::Part part = ingest::Part::test;
};

struct CheckpointReport {
  std::int64_t epoch = 0;
  std::int64_t step = 0;
  std::string path;
  double seconds = 0;          ///< until it is on the storage
  double waiting_seconds = 0;  ///< of these, the training stood still
  std::int64_t bytes = 0;
};

/// The evaluation at which the monitored value was best.
struct BestReport {
  std::string monitor;  ///< "top-100", "loss"
  double value = 0;
  std::int64_t epoch = 0;
  std::int64_t step = 0;
  std::string checkpoint;  ///< path of the checkpoint of that step, or empty when none is kept
};

struct SummaryReport {
  std::int64_t epoch = 0;
  std::int64_t step = 0;
  double loss = 0;
  MetricValues metrics;  ///< of the last evaluation; of the best checkpoint, where one is kept
  evaluation::Baselines
      baselines;  ///< on the same examples, without a model; empty where the run has not finished
  std::optional<BestReport> best;  ///< where a value is monitored
  bool stopped_early = false;      ///< nothing has improved for too long
  double seconds = 0;              ///< of the whole run, ingestion included
  double training_seconds = 0;
  double evaluation_seconds = 0;
  double checkpoint_seconds = 0;
  double examples_per_second = 0;          ///< training examples over training_seconds
  std::string checkpoint;                  ///< path of the last checkpoint
  bool interrupted = false;                ///< stopped by a signal before the last epoch
  ingest::Part part = ingest::Part::test;  ///< of which examples the metrics are
  std::int64_t peak_memory = 0;            ///< the most bytes of memory that a rank had; the most of any rank
  PhaseSeconds phase_min{};                ///< least over ranks
  PhaseSeconds phase_mean{};
  PhaseSeconds phase_max{};
  /// Floating-point operations of the matrix products of a phase a second, mean over ranks; 0 where there are none.
  PhaseSeconds phase_flops{};
  /// Of the time in which exchanges of a phase were under way, the share in which ranks computed. Of those that overlap with work.
  std::array<std::optional<double>, metering::phase_names.size()> phase_overlap{};
  metering::TrafficBytes bytes{};  ///< summed over ranks
};

/// Somebody who is told how a run goes. Called on root only, from the thread that trains: be quick, do not communicate.
class Observer {
 public:
  virtual ~Observer() = default;
  /// What the run does from now on, other than training: "reading the data". The steps that follow end it.
  virtual void on_activity(std::string_view) {}
  virtual void on_run(const RunReport&) {}
  virtual void on_step(const StepReport&) {}
  virtual void on_epoch(const EpochReport&) {}
  virtual void on_validation(const ValidationReport&) {}
  virtual void on_checkpoint(const CheckpointReport&) {}
  virtual void on_summary(const SummaryReport&) {}
};

}  // namespace gemel::report
