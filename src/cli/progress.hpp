#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "cli/report_text.hpp"
#include "cli/ticker.hpp"
#include "gemel/options.hpp"
#include "ingest/reading_progress.hpp"
#include "report/observer.hpp"

namespace gemel::cli {

enum class ProgressStyle {
  automatic,  ///< bar on a terminal, else, and under mpirun, lines
  bar,        ///< a line that is redrawn, below a growing table of evaluations
  lines,      ///< the table, with a row for every epoch, and a line when there was none for half a minute
  none,
};

/// The names that --progress takes.
std::vector<std::pair<std::string, ProgressStyle>> progress_style_names();

/// `style`, with automatic decided: bar when standard output is a terminal of the user's, else lines.
ProgressStyle resolve(ProgressStyle style);

/// Whether a descriptor is of a terminal of the user's, on which a line may be redrawn.
bool is_terminal_of_user(int descriptor);

/// Columns of the terminal that a descriptor is of, or what the variable COLUMNS says, or 80.
std::size_t terminal_columns(int descriptor);

/// Shows people how a run goes. Its members may be called by two threads at once.
class Progress : public report::Observer {
 public:
  /// Seconds since some moment; replaced in tests.
  using Now = std::function<double()>;
  using Columns = std::function<std::size_t()>;

  /// `style` is bar or lines. `out` must outlive the object. Where there is a bar, log lines erase it.
  Progress(std::ostream& out, ProgressStyle style, const TrainingOptions& options, Now now = steady_now,
           Columns columns = output_columns);
  ~Progress() override;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Settings that are as in `defaults` are not shown.
  void leave_out(Settings defaults) { defaults_ = std::move(defaults); }
  /// From now on calls tick() once a second, also while the thread that trains is busy.
  void keep_ticking();
  /// Shows what is going on when nothing was shown for long.
  void tick();

  /// Shows how far the reading of files is, as part of the activity.
  void tell_reading(const ingest::ReadingProgress& progress);

  void on_activity(std::string_view what) override;
  void on_run(const report::RunReport& report) override;
  void on_step(const report::StepReport& report) override;
  void on_epoch(const report::EpochReport& report) override;
  void on_validation(const report::ValidationReport& report) override;
  void on_checkpoint(const report::CheckpointReport& report) override;
  void on_summary(const report::SummaryReport& report) override;

  static double steady_now();
  /// Of standard output.
  static std::size_t output_columns();

 private:
  /// Prints whole lines above the bar.
  void print(const std::string& lines);
  /// `row` is the number of an epoch, or what the row is of.
  void print_row(const std::string& row, std::int64_t step, double loss, const MetricValues& values);
  std::string header() const;
  std::string metric_columns(const MetricValues& values) const;
  void break_silence();
  std::string status() const;
  bool is_evaluated(std::int64_t epoch) const;
  std::string bar_text(const report::StepReport& report) const;
  void draw(const std::string& line);
  void erase_bar();
  /// Since the run began, evaluations and checkpoints included.
  double steps_per_second(const report::StepReport& report) const;
  /// "ETA 01:23" from the pace since the run began, or empty at its beginning.
  std::string time_left(const report::StepReport& report) const;

  std::ostream& out_;
  bool has_bar_;
  std::int64_t validate_every_;
  std::vector<Metric> metrics_;
  bool has_metric_columns_;  // they fit into a row beside the rest; else they follow it by name
  Now now_;
  Columns columns_;
  Settings defaults_;

  std::mutex mutex_;             // of all that follows and of the output
  std::string activity_;         // what the run does, or empty while it trains
  double activity_started_ = 0;  // when it began to
  std::string reading_;          // how far the reading of files is, while they are read
  double started_ = 0;           // when training began
  double last_news_ = 0;         // when a line was printed last
  double last_draw_ = -1;        // when the bar was drawn last
  bool is_bar_drawn_ = false;
  bool is_header_printed_ = false;
  bool has_evaluations_ = false;
  bool has_validation_ = false;  // then the rows are of the validation examples, and one is of the test
  double examples_per_step_ = 0;
  std::int64_t first_epoch_ = 0;
  report::StepReport last_step_;
  report::EpochReport last_epoch_;
  double seconds_since_row_ = 0;  // of training, since the last row of the table
  std::int64_t epochs_since_row_ = 0;
  std::optional<base::BeforeLogLines> before_log_lines_;
  std::optional<Ticker> ticker_;
  std::optional<ingest::ReadingWatch> reading_watch_;
};

}  // namespace gemel::cli
