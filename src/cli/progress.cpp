#include "gemel/cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "gemel/base/bytes_text.hpp"
#include "gemel/cli/report_text.hpp"

namespace gemel::cli {
namespace {

constexpr double seconds_between_draws = 0.1;
/// Without evaluations to show, a line that often; with them, only when they are this slow to come.
constexpr double seconds_between_epoch_lines = 5;
constexpr double seconds_of_silence = 30;

std::string clock_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  return whole < 3600 ? fmt::format("{:02}:{:02}", whole / 60, whole % 60)
                      : fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
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
  // Open MPI's mpirun gives its local ranks a terminal of its own, whatever its own output is. It sets this
  // variable, and a program that was started without it does not have it.
  const bool is_under_mpirun = std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr;
  return isatty(STDOUT_FILENO) != 0 && !is_under_mpirun ? ProgressStyle::bar : ProgressStyle::lines;
}

double Progress::steady_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Progress::Progress(std::ostream& out, ProgressStyle style, const training::TrainingOptions& options, Now now)
    : out_(out),
      has_bar_(style == ProgressStyle::bar),
      validate_every_(options.validate_every),
      metrics_(evaluation::make_metrics(options.metrics, options.top_k)),
      now_(std::move(now)) {}

Progress::~Progress() {
  erase_bar();
}

void Progress::on_run(const training::RunReport& report) {
  print(run_text(report) + "\n");
  started_ = now_();
  last_news_ = started_;
  first_epoch_ = report.first_epoch;
  has_validation_ = report.validation_examples > 0;
  examples_per_step_ = static_cast<double>(report.train_examples) /
                       static_cast<double>(std::max<std::int64_t>(1, report.steps_per_epoch));
}

void Progress::on_step(const training::StepReport& report) {
  if (has_bar_) {
    if (now_() - last_draw_ >= seconds_between_draws) draw_bar(report);
  } else if (now_() - last_news_ >= seconds_of_silence) {
    print(fmt::format("epoch {}/{}, step {}/{}  {}\n", report.epoch, report.epochs, report.step_in_epoch,
                      report.steps_per_epoch, time_left(report)));
    last_news_ = now_();
  }
}

void Progress::on_epoch(const training::EpochReport& report) {
  last_epoch_ = report;
  seconds_since_row_ += report.seconds;
  ++epochs_since_row_;
  if (has_bar_) return;
  const bool validates = validate_every_ > 0;
  if (validates && report.epoch % validate_every_ == 0) return;  // its row comes with the metrics
  const double silence = now_() - last_news_;
  if (silence >= (validates ? seconds_of_silence : seconds_between_epoch_lines)) {
    print_row(std::to_string(report.epoch), report.step, report.loss, {});
  }
}

void Progress::on_validation(const training::ValidationReport& report) {
  const bool is_test = has_validation_ && report.part == ingest::Part::test;
  print_row(is_test ? "test" : std::to_string(report.epoch), report.step, report.loss, report.metrics);
}

void Progress::on_checkpoint(const training::CheckpointReport& report) {
  print(fmt::format("checkpoint after epoch {}, step {}: {} ({} in {})\n", report.epoch, report.step,
                    report.path, base::bytes_text(static_cast<double>(report.bytes)),
                    seconds_text(report.seconds)));
}

void Progress::on_summary(const training::SummaryReport& report) {
  print(summary_text(report));
}

void Progress::print_row(const std::string& row, std::int64_t step, double loss,
                         const training::MetricValues& values) {
  std::string lines;
  if (!is_header_printed_) {
    if (has_validation_) lines = "metrics of the validation examples, at the end of the test examples\n";
    lines += fmt::format("{:>6} {:>9} {:>9}", "epoch", "step", "loss");
    for (const evaluation::Metric& metric : metrics_) lines += fmt::format(" {:>8}", metric.name());
    lines += fmt::format(" {:>8} {:>11}\n", "s/epoch", "examples/s");
    is_header_printed_ = true;
  }
  lines += fmt::format("{:>6} {:>9} {:>9.4f}", row, step, loss);
  for (const evaluation::Metric& metric : metrics_) {
    const auto found = std::ranges::find(values, metric, &training::MetricValues::value_type::first);
    const std::size_t width = std::max<std::size_t>(8, metric.name().size());
    lines += found == values.end() ? fmt::format(" {:>{}}", "-", width)
                                   : fmt::format(" {:>{}.4f}", found->second, width);
  }
  const auto epochs = static_cast<double>(std::max<std::int64_t>(1, epochs_since_row_));
  lines += fmt::format(" {:>8.3f} {:>11.0f}\n", seconds_since_row_ / epochs, last_epoch_.examples_per_second);
  seconds_since_row_ = 0;
  epochs_since_row_ = 0;
  last_news_ = now_();
  print(lines);
}

void Progress::print(const std::string& lines) {
  erase_bar();
  out_ << lines << std::flush;
}

double Progress::steps_per_second(const training::StepReport& report) const {
  const auto done = (report.epoch - 1 - first_epoch_) * report.steps_per_epoch + report.step_in_epoch;
  const double passed = now_() - started_;
  return passed > 0 ? static_cast<double>(done) / passed : 0;
}

std::string Progress::time_left(const training::StepReport& report) const {
  const auto left =
      (report.epochs - report.epoch) * report.steps_per_epoch + report.steps_per_epoch - report.step_in_epoch;
  const double pace = steps_per_second(report);
  return pace > 0 ? "ETA " + clock_text(static_cast<double>(left) / pace) : "";
}

void Progress::draw_bar(const training::StepReport& report) {
  constexpr std::int64_t width = 12;
  constexpr std::size_t columns = 79;  // a line that wraps could not be redrawn
  const auto steps = std::max<std::int64_t>(1, report.epochs * report.steps_per_epoch);
  const auto done = (report.epoch - 1) * report.steps_per_epoch + report.step_in_epoch;
  const auto filled = static_cast<std::size_t>(std::clamp(done * width / steps, std::int64_t{0}, width));
  std::string line = fmt::format("{:#<{}}{:.<{}} epoch {}/{} step {}/{}", "", filled, "",
                                 static_cast<std::size_t>(width) - filled, report.epoch, report.epochs,
                                 report.step_in_epoch, report.steps_per_epoch);
  if (last_epoch_.epoch > 0) line += fmt::format(" loss {:.4f}", last_epoch_.loss);
  const double examples_per_second =
      last_epoch_.epoch > 0 ? last_epoch_.examples_per_second : steps_per_second(report) * examples_per_step_;
  line += fmt::format(" {} {:.0f} examples/s", time_left(report), examples_per_second);
  out_ << "\r" << line.substr(0, columns) << "\x1b[K"
       << std::flush;  // the escape sequence clears the rest of the line
  last_draw_ = now_();
  is_bar_drawn_ = true;
}

void Progress::erase_bar() {
  if (!is_bar_drawn_) return;
  out_ << "\r\x1b[K" << std::flush;
  is_bar_drawn_ = false;
}

}  // namespace gemel::cli
