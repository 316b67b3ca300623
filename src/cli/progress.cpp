#include "cli/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>

#include "base/bytes_text.hpp"
#include "cli/reading_bar.hpp"
#include "cli/report_text.hpp"

namespace gemel::cli {
namespace {

constexpr double seconds_between_draws = 0.1;
constexpr double seconds_of_silence = 30;

/// Of a row: the number of the epoch, the step, the loss, seconds an epoch and examples a second.
constexpr std::size_t fixed_columns = 6 + 8 + 9 + 8 + 11;

std::size_t width_of(const Metric& metric) {
  return std::max<std::size_t>(6, metric.name().size());  // 0.1234
}

bool fit(const std::vector<Metric>& metrics) {
  std::size_t columns = fixed_columns;
  for (const Metric& metric : metrics) columns += 1 + width_of(metric);
  return columns <= report_columns;
}

std::string value_text(const Metric& metric, const MetricValues& values) {
  const auto found = std::ranges::find(values, metric, &MetricValues::value_type::first);
  return found == values.end() ? "-" : fmt::format("{:.4f}", found->second);
}

/// "top-1 0.0012  top-5 0.0345", in lines of their own.
std::string named_values(const MetricValues& values) {
  constexpr std::size_t indent = 8;
  std::string lines;
  std::string line;
  for (const auto& [metric, value] : values) {
    const std::string entry = fmt::format("  {} {:.4f}", metric.name(), value);
    if (!line.empty() && indent + line.size() + entry.size() > report_columns)
      lines += std::string(indent, ' ') + std::exchange(line, "") + "\n";
    line += line.empty() ? entry.substr(2) : entry;
  }
  return line.empty() ? lines : lines + std::string(indent, ' ') + line + "\n";
}

}  // namespace

std::vector<std::pair<std::string, ProgressStyle>> progress_style_names() {
  return {{"auto", ProgressStyle::automatic},
          {"bar", ProgressStyle::bar},
          {"lines", ProgressStyle::lines},
          {"none", ProgressStyle::none}};
}

ProgressStyle resolve(ProgressStyle style) {
  if (style != ProgressStyle::automatic) return style;
  return is_terminal_of_user(STDOUT_FILENO) ? ProgressStyle::bar : ProgressStyle::lines;
}

bool is_terminal_of_user(int descriptor) {
  // Open MPI's mpirun gives its local ranks a terminal of its own, whatever its own output is. It sets this
  // variable, and a program that was started without it does not have it.
  const bool is_under_mpirun = std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr;
  return isatty(descriptor) != 0 && !is_under_mpirun;
}

double Progress::steady_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::size_t Progress::output_columns() {
  return terminal_columns(STDOUT_FILENO);
}

std::size_t terminal_columns(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* columns = std::getenv("COLUMNS");
  const long told = columns == nullptr ? 0 : std::strtol(columns, nullptr, 10);
  return told > 0 ? static_cast<std::size_t>(told) : 80;
}

Progress::Progress(std::ostream& out, ProgressStyle style, const TrainingOptions& options, Now now,
                   Columns columns)
    : out_(out),
      has_bar_(style == ProgressStyle::bar),
      validate_every_(options.validate_every),
      metrics_(make_metrics(options.metrics, options.top_k)),
      has_metric_columns_(fit(metrics_)),
      now_(std::move(now)),
      columns_(std::move(columns)),
      last_news_(now_()) {
  reading_watch_.emplace([this](const ingest::ReadingProgress& progress) { tell_reading(progress); });
  if (!has_bar_) return;
  before_log_lines_.emplace([this] {
    const std::lock_guard lock(mutex_);
    erase_bar();
  });
}

Progress::~Progress() {
  reading_watch_.reset();
  ticker_.reset();
  before_log_lines_.reset();
  erase_bar();
}

void Progress::keep_ticking() {
  ticker_.emplace(std::chrono::seconds(1), [this] { tick(); });
}

void Progress::tick() {
  const std::lock_guard lock(mutex_);
  break_silence();
}

void Progress::tell_reading(const ingest::ReadingProgress& progress) {
  const std::lock_guard lock(mutex_);
  reading_ = progress.is_complete() ? "" : ": " + reading_text(progress);
  if (!has_bar_) return break_silence();
  if (!reading_.empty() && now_() - last_draw_ >= seconds_between_draws) draw(activity_ + reading_);
}

void Progress::on_activity(std::string_view what) {
  const std::lock_guard lock(mutex_);
  reading_.clear();
  activity_ = what;
  activity_started_ = now_();
}

void Progress::on_run(const report::RunReport& report) {
  const std::lock_guard lock(mutex_);
  print(run_text(report, defaults_) + "\n");
  activity_ = "training";
  activity_started_ = now_();
  started_ = now_();
  first_epoch_ = report.first_epoch;
  has_validation_ = report.validation_examples > 0;
  has_evaluations_ = has_validation_ || report.test_examples > 0;
  examples_per_step_ = static_cast<double>(report.train_examples) /
                       static_cast<double>(std::max<std::int64_t>(1, report.steps_per_epoch));
}

void Progress::on_step(const report::StepReport& report) {
  const std::lock_guard lock(mutex_);
  activity_.clear();
  last_step_ = report;
  if (!has_bar_) return break_silence();
  if (now_() - last_draw_ >= seconds_between_draws) draw(bar_text(report));
}

void Progress::on_epoch(const report::EpochReport& report) {
  const std::lock_guard lock(mutex_);
  last_epoch_ = report;
  seconds_since_row_ += report.seconds;
  ++epochs_since_row_;
  if (has_bar_ || is_evaluated(report.epoch)) return;  // its row comes with the metrics
  print_row(std::to_string(report.epoch), report.step, report.loss, {});
}

void Progress::on_validation(const report::ValidationReport& report) {
  const std::lock_guard lock(mutex_);
  const bool is_test = has_validation_ && report.part == ingest::Part::test;
  print_row(is_test ? "test" : std::to_string(report.epoch), report.step, report.loss, report.metrics);
}

void Progress::on_checkpoint(const report::CheckpointReport& report) {
  const std::lock_guard lock(mutex_);
  print(fmt::format("checkpoint after epoch {}, step {}: {} ({} in {}; training waited {})\n", report.epoch,
                    report.step, report.path, base::bytes_text(static_cast<double>(report.bytes)),
                    seconds_text(report.seconds), seconds_text(report.waiting_seconds)));
}

void Progress::on_summary(const report::SummaryReport& report) {
  const std::lock_guard lock(mutex_);
  print(summary_text(report));
}

/// Whether the row of the epoch comes with its evaluation.
bool Progress::is_evaluated(std::int64_t epoch) const {
  const bool is_due = validate_every_ > 0 && epoch % validate_every_ == 0;
  return has_evaluations_ && (is_due || epoch == last_step_.epochs);
}

void Progress::break_silence() {
  const double now = now_();
  if (has_bar_ && !activity_.empty() && now - std::max(activity_started_, last_draw_) >= 1) {
    draw(reading_.empty() ? fmt::format("{} {}", activity_, clock_text(now - activity_started_))
                          : activity_ + reading_);
  } else if (!has_bar_ && now - last_news_ >= seconds_of_silence) {
    print(status() + "\n");
  }
}

std::string Progress::status() const {
  if (!activity_.empty())
    return fmt::format("{}{}, for {} so far", activity_, reading_, seconds_text(now_() - activity_started_));
  return fmt::format("epoch {}/{}, step {}/{}  {}", last_step_.epoch, last_step_.epochs,
                     last_step_.step_in_epoch, last_step_.steps_per_epoch, time_left(last_step_));
}

std::string Progress::header() const {
  std::string line = fmt::format("{:>6} {:>7} {:>8}", "epoch", "step", "loss");
  for (const Metric& metric : metrics_)
    if (has_metric_columns_) line += fmt::format(" {:>{}}", metric.name(), width_of(metric));
  return line + fmt::format(" {:>7} {:>10}\n", "s/epoch", "examples/s");
}

std::string Progress::metric_columns(const MetricValues& values) const {
  std::string columns;
  for (const Metric& metric : metrics_)
    columns += fmt::format(" {:>{}}", value_text(metric, values), width_of(metric));
  return columns;
}

void Progress::print_row(const std::string& row, std::int64_t step, double loss, const MetricValues& values) {
  std::string lines;
  if (!is_header_printed_) {
    if (has_validation_) lines = "metrics of the validation examples, at the end of the test examples\n";
    lines += header();
    is_header_printed_ = true;
  }
  const auto epochs = static_cast<double>(std::max<std::int64_t>(1, epochs_since_row_));
  lines += fmt::format("{:>6} {:>7} {:>8}", row, step,
                       std::abs(loss) < 1000 ? fmt::format("{:.4f}", loss) : fmt::format("{:.3g}", loss));
  if (has_metric_columns_) lines += metric_columns(values);
  lines += fmt::format(" {:>7.3f} {:>10.0f}\n", seconds_since_row_ / epochs, last_epoch_.examples_per_second);
  if (!has_metric_columns_) lines += named_values(values);
  seconds_since_row_ = 0;
  epochs_since_row_ = 0;
  print(lines);
}

void Progress::print(const std::string& lines) {
  erase_bar();
  out_ << lines << std::flush;
  last_news_ = now_();
}

double Progress::steps_per_second(const report::StepReport& report) const {
  const auto done = (report.epoch - 1 - first_epoch_) * report.steps_per_epoch + report.step_in_epoch;
  const double passed = now_() - started_;
  return passed > 0 ? static_cast<double>(done) / passed : 0;
}

std::string Progress::time_left(const report::StepReport& report) const {
  const auto left =
      (report.epochs - report.epoch) * report.steps_per_epoch + report.steps_per_epoch - report.step_in_epoch;
  const double pace = steps_per_second(report);
  return pace > 0 ? "ETA " + clock_text(static_cast<double>(left) / pace) : "";
}

/// As wide as the terminal: what the text leaves is the bar.
std::string Progress::bar_text(const report::StepReport& report) const {
  constexpr std::size_t least_cells = 4;
  std::string text = fmt::format(" epoch {}/{} step {}/{}", report.epoch, report.epochs, report.step_in_epoch,
                                 report.steps_per_epoch);
  if (last_epoch_.epoch > 0) text += fmt::format(" loss {:.4f}", last_epoch_.loss);
  const double examples_per_second =
      last_epoch_.epoch > 0 ? last_epoch_.examples_per_second : steps_per_second(report) * examples_per_step_;
  text += fmt::format(" {} {:.0f} examples/s", time_left(report), examples_per_second);
  const std::size_t columns = columns_() - 1;
  if (columns < text.size() + least_cells) return text.substr(1);
  const auto cells = static_cast<std::int64_t>(columns - text.size());
  const auto steps = std::max<std::int64_t>(1, report.epochs * report.steps_per_epoch);
  const auto done = (report.epoch - 1) * report.steps_per_epoch + report.step_in_epoch;
  const auto filled = static_cast<std::size_t>(std::clamp(done * cells / steps, std::int64_t{0}, cells));
  return std::string(filled, '#') + std::string(static_cast<std::size_t>(cells) - filled, '.') + text;
}

void Progress::draw(const std::string& line) {
  // A line that wraps could not be redrawn. The escape sequence clears the rest of the line.
  out_ << "\r" << line.substr(0, columns_() - 1) << "\x1b[K" << std::flush;
  last_draw_ = now_();
  is_bar_drawn_ = true;
}

void Progress::erase_bar() {
  if (!is_bar_drawn_) return;
  out_ << "\r\x1b[K" << std::flush;
  is_bar_drawn_ = false;
}

}  // namespace gemel::cli
