#include "gemel/cli/report_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace gemel::cli {
namespace {

std::string counted(std::int64_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

std::string bytes_text(std::int64_t bytes) {
  constexpr const char* units[] = {"kB", "MB", "GB", "TB", "PB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double scaled = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  for (; scaled >= 999.95 && unit + 1 < std::size(units); ++unit) scaled /= 1000;
  return fmt::format("{:.1f} {}", scaled, units[unit]);
}

std::string seconds_text(double seconds) {
  if (seconds < 10) return fmt::format("{:.2f} s", seconds);
  if (seconds < 600) return fmt::format("{:.1f} s", seconds);
  const auto whole = std::llround(seconds);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string run_text(const training::RunReport& report) {
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "{}: {} ({} to train, {} to test), {}\n", report.data,
                 counted(report.interactions, "interaction"), report.train_examples, report.test_examples,
                 counted(report.candidates, "candidate"));
  fmt::format_to(out, "{} x {}; {} an epoch; {} dense parameters, {} in embedding tables\n",
                 counted(report.ranks, "rank"), counted(report.threads, "thread"),
                 counted(report.steps_per_epoch, "step"), report.dense_parameters, report.table_parameters);
  if (!report.resumed_from.empty()) {
    fmt::format_to(out, "resumed after epoch {} from {}\n", report.first_epoch, report.resumed_from);
  }
  text += "\n";
  for (const auto& [name, value] : report.settings) fmt::format_to(out, "  {:<23} {}\n", name, value);
  return text;
}

std::string summary_text(const training::SummaryReport& report) {
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "\n{} after epoch {}, step {}, in {}: training {}, evaluation {}, checkpoints {}\n",
                 report.interrupted ? "Interrupted" : "Finished", report.epoch, report.step,
                 seconds_text(report.seconds), seconds_text(report.training_seconds),
                 seconds_text(report.evaluation_seconds), seconds_text(report.checkpoint_seconds));
  fmt::format_to(out, "{:.0f} training examples per second; loss {:.4f} per example\n",
                 report.examples_per_second, report.loss);
  if (!report.accuracies.empty()) {
    text += "\n  accuracy on the test examples\n";
    for (const auto& [k, accuracy] : report.accuracies)
      fmt::format_to(out, "    top-{:<5} {:.4f}\n", k, accuracy);
  }
  text += "\n  bytes between ranks\n";
  std::int64_t total = 0;
  for (std::size_t i = 0; i < report.bytes.size(); ++i) {
    fmt::format_to(out, "    {:<10} {:>9}\n", training::traffic_names[i], bytes_text(report.bytes[i]));
    total += report.bytes[i];
  }
  fmt::format_to(out, "    {:<10} {:>9}\n", "total", bytes_text(total));
  fmt::format_to(out, "\n  seconds by phase, over ranks\n    {:<10} {:>10} {:>10} {:>10}\n", "", "min",
                 "mean", "max");
  for (std::size_t i = 0; i < base::phase_names.size(); ++i) {
    fmt::format_to(out, "    {:<10} {:>10.3f} {:>10.3f} {:>10.3f}\n", base::phase_names[i],
                   report.phase_min[i], report.phase_mean[i], report.phase_max[i]);
  }
  if (!report.checkpoint.empty()) fmt::format_to(out, "\nlast checkpoint: {}\n", report.checkpoint);
  return text;
}

}  // namespace gemel::cli
