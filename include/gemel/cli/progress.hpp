#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "gemel/training/observer.hpp"
#include "gemel/training/options.hpp"

namespace gemel::cli {

enum class ProgressStyle {
  automatic,  ///< bar on a terminal, else, and under mpirun, lines
  bar,        ///< a line that is redrawn, below a growing table of evaluations
  lines,      ///< the table alone, with a line now and then while nothing is evaluated
  none,
};

/// The names that --progress takes.
std::vector<std::pair<std::string, ProgressStyle>> progress_style_names();

/// `style`, with automatic decided: bar when standard output is a terminal of the user's, else lines.
ProgressStyle resolve(ProgressStyle style);

/// Shows people how a run goes.
class Progress : public training::Observer {
 public:
  /// Seconds since some moment; replaced in tests.
  using Now = std::function<double()>;

  /// `style` is bar or lines. `out` must outlive the object.
  Progress(std::ostream& out, ProgressStyle style, const training::TrainingOptions& options,
           Now now = steady_now);
  ~Progress() override;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void on_run(const training::RunReport& report) override;
  void on_step(const training::StepReport& report) override;
  void on_epoch(const training::EpochReport& report) override;
  void on_validation(const training::ValidationReport& report) override;
  void on_checkpoint(const training::CheckpointReport& report) override;
  void on_summary(const training::SummaryReport& report) override;

  static double steady_now();

 private:
  /// Prints whole lines above the bar.
  void print(const std::string& lines);
  /// `row` is the number of an epoch, or what the row is of.
  void print_row(const std::string& row, std::int64_t step, double loss,
                 const training::MetricValues& values);
  void draw_bar(const training::StepReport& report);
  void erase_bar();
  /// Since the run began, evaluations and checkpoints included.
  double steps_per_second(const training::StepReport& report) const;
  /// "ETA 01:23" from the pace since the run began, or empty at its beginning.
  std::string time_left(const training::StepReport& report) const;

  std::ostream& out_;
  bool has_bar_;
  std::int64_t validate_every_;
  std::vector<evaluation::Metric> metrics_;
  Now now_;

  double started_ = 0;     // when training began
  double last_news_ = 0;   // when a line last told how far the run is
  double last_draw_ = -1;  // when the bar was drawn last
  bool is_bar_drawn_ = false;
  bool is_header_printed_ = false;
  bool has_validation_ = false;  // then the rows are of the validation examples, and one is of the test
  double examples_per_step_ = 0;
  std::int64_t first_epoch_ = 0;
  training::EpochReport last_epoch_;
  double seconds_since_row_ = 0;  // of training, since the last row of the table
  std::int64_t epochs_since_row_ = 0;
};

}  // namespace gemel::cli
