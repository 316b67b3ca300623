#pragma once

#include <nlohmann/json_fwd.hpp>

#include <fstream>
#include <string>

#include "report/observer.hpp"

namespace gemel::report {

/// Writes every event of a run but single steps into a text file, one JSON object a line, flushed line by
/// line, so that it can be followed while the run goes on. Numbers have all their digits. The key "event"
/// says what a line is:
///
///   run         data, counts, ranks, threads, first_epoch, resumed_from, settings {option: value}
///   epoch       epoch, step, loss (mean per example), seconds, examples_per_second,
///               phase_seconds {phase: seconds of root}, bytes {purpose: bytes between ranks in this epoch}
///   validation  part (which examples were evaluated: validation, or test where there are none for validation), epoch, step,
///               loss (of the last epoch), top_<k>..., recall_<k>... (Metric::key), seconds, examples_per_second (of these examples)
///   test        the same of the test examples, once at the end of a run that has validation examples
///   checkpoint  epoch, step, path, seconds, waiting_seconds (of training), bytes
///   summary     the last line: part (of which examples top_<k> are), epoch, step, loss, top_<k>..., popularity and random (the same of rankings without a model), seconds, training_seconds, evaluation_seconds,
///               checkpoint_seconds, examples_per_second, checkpoint (path), interrupted,
///               phase_seconds {phase: {min, mean, max} over ranks}, bytes; with --monitor also
///               best {monitor, value, epoch, step, checkpoint} and stopped_early
///
/// A loss that is not a number is written as null.
class MetricsFile : public Observer {
 public:
  /// Opens the file, so that one that cannot be written is found out before the training. Throws UsageError.
  /// What the file holds stays until a run begins, and then too if that run is resumed from a checkpoint (see
  /// RunReport::resumed_from).
  explicit MetricsFile(const std::string& path);

  void on_run(const RunReport& report) override;
  void on_epoch(const EpochReport& report) override;
  void on_validation(const ValidationReport& report) override;
  void on_checkpoint(const CheckpointReport& report) override;
  void on_summary(const SummaryReport& report) override;

 private:
  /// Appends one line. A failure is told once, as a warning: metrics are not worth the training.
  void write(const nlohmann::ordered_json& event);

  std::string path_;
  std::ofstream file_;
  bool has_failed_ = false;
  bool has_validation_ = false;
};

}  // namespace gemel::report
