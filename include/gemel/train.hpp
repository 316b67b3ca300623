#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gemel/export.hpp"
#include "gemel/metrics.hpp"
#include "gemel/options.hpp"

namespace gemel {

/// A finished epoch.
struct TrainedEpoch {
  std::int64_t epoch = 0;  ///< 1 is the first
  std::int64_t step = 0;   ///< steps since the start of training
  double loss = 0;         ///< mean per example
  double seconds = 0;      ///< wall time of training in this epoch
};

/// What was measured after an epoch.
struct Evaluation {
  std::int64_t epoch = 0;
  MetricValues metrics;
  double seconds = 0;
};

/// How a run has ended.
struct TrainingResult {
  std::int64_t epoch = 0;
  std::int64_t step = 0;
  double loss = 0;         ///< mean per example, in the last epoch
  MetricValues metrics;    ///< of the last evaluation; of the best checkpoint, where one is kept
  std::string checkpoint;  ///< path of the last one
  std::optional<std::string> best_checkpoint;  ///< path of the best one, where one is kept
};

/// Is told how a run goes: on rank 0, by the thread that trains.
class GEMEL_API TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  virtual void on_epoch(const TrainedEpoch&) {}
  virtual void on_evaluation(const Evaluation&) {}
  virtual void on_checkpoint(const std::string& /*path*/) {}
};

/// Trains a model as `trainer train` with these options does: reads the data, trains, evaluates, writes checkpoints. In a program that
/// mpirun has started, all ranks call it and share the work; the result is the same for every number of them. MPI is initialised at the
/// first call, unless the program has done so, and finalised when the program ends; call it from the thread that initialised it.
///
/// The result is rank 0's, and the same on all. Throws Error, on all ranks alike: code() tells the kind as the exit codes of the program
/// do. `interrupted` means that SIGTERM, SIGINT, SIGHUP or SIGUSR1 ended the run, after its checkpoint was written if a step was done.
GEMEL_API TrainingResult train(const TrainingOptions& options, TrainingObserver* observer = nullptr);

}  // namespace gemel
