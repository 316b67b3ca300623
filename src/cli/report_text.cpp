#include "gemel/cli/report_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "gemel/base/bytes_text.hpp"

namespace gemel::cli {
namespace {

std::string counted(std::int64_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

/// Where one is kept, the metrics are of the best checkpoint.
std::string metrics_text(const training::SummaryReport& report) {
  std::string text;
  const auto out = std::back_inserter(text);
  const bool of_best = report.best && !report.best->checkpoint.empty() && !report.interrupted;
  const std::string whose =
      of_best ? fmt::format(", of the best checkpoint (epoch {})", report.best->epoch) : "";
  const auto section = [&](const std::string& heading, bool of_users) {
    bool is_begun = false;
    for (const auto& [metric, value] : report.metrics) {
      if (metric.is_of_users() != of_users) continue;
      if (!is_begun) fmt::format_to(out, "\n  {}{}\n", heading, whose);
      is_begun = true;
      fmt::format_to(out, "    {:<9} {:.4f}\n", metric.name(), value);
    }
  };
  const std::string_view part = ingest::part_name(report.part);
  section(fmt::format("accuracy on the {} examples", part), false);
  section(fmt::format("metrics of the users with {} examples", part), true);
  if (report.best) {
    fmt::format_to(out, "\n  best {}: {:.4f} after epoch {}, step {}\n", report.best->monitor,
                   report.best->value, report.best->epoch, report.best->step);
  }
  return text;
}

}  // namespace

std::string seconds_text(double seconds) {
  if (seconds < 10) return fmt::format("{:.2f} s", seconds);
  if (seconds < 600) return fmt::format("{:.1f} s", seconds);
  const auto whole = std::llround(seconds);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string tables_text(const training::Plan& plan) {
  std::string text = "tables\n";
  for (const training::Plan::Table& table : plan.tables) text += "  " + table.text() + "\n";
  return text;
}

std::string plan_text(const training::Plan& plan) {
  std::string text = tables_text(plan);
  const auto out = std::back_inserter(text);
  const auto line = [&](std::string_view what, double bytes) {
    fmt::format_to(out, "  {:<23} {:>9}\n", what, base::bytes_text(bytes));
  };
  text += "\nmemory of a rank\n";
  double tables = 0;
  for (const training::Plan::Table& table : plan.tables) tables += table.memory;
  line("tables", tables);
  for (const auto& [what, bytes] : plan.memory) line(what, bytes);
  line("total", plan.total_memory());
  text += "\nsent by a rank in a step\n";
  double total = 0;
  for (std::size_t i = 0; i < plan.step_bytes.size(); ++i) {
    if (static_cast<training::Traffic>(i) == training::Traffic::evaluation) continue;
    line(training::traffic_names[i], plan.step_bytes[i]);
    total += plan.step_bytes[i];
  }
  line("total", total);
  return text;
}

std::string run_text(const training::RunReport& report) {
  std::string text;
  const auto out = std::back_inserter(text);
  const std::string validation =
      report.validation_examples > 0 ? fmt::format("{} for validation, ", report.validation_examples) : "";
  fmt::format_to(out, "{}: {} ({} to train, {}{} to test), {}\n", report.data,
                 counted(report.interactions, "interaction"), report.train_examples, validation,
                 report.test_examples, counted(report.candidates, "candidate"));
  fmt::format_to(out, "{} x {}; {} an epoch; {} dense parameters, {} in embedding tables\n",
                 counted(report.ranks, "rank"), counted(report.threads, "thread"),
                 counted(report.steps_per_epoch, "step"), report.dense_parameters, report.table_parameters);
  if (!report.resumed_from.empty()) {
    fmt::format_to(out, "resumed after epoch {} from {}\n", report.first_epoch, report.resumed_from);
  }
  text += "\n";
  for (const auto& [name, value] : report.settings) fmt::format_to(out, "  {:<25} {}\n", name, value);
  return text + "\n" + tables_text(report.plan);
}

std::string summary_text(const training::SummaryReport& report) {
  std::string text;
  const auto out = std::back_inserter(text);
  const char* end = report.interrupted ? "Interrupted" : report.stopped_early ? "Stopped early" : "Finished";
  fmt::format_to(out, "\n{} after epoch {}, step {}, in {}: training {}, evaluation {}, checkpoints {}\n",
                 end, report.epoch, report.step, seconds_text(report.seconds),
                 seconds_text(report.training_seconds), seconds_text(report.evaluation_seconds),
                 seconds_text(report.checkpoint_seconds));
  fmt::format_to(out, "{:.0f} training examples per second; loss {:.4f} per example\n",
                 report.examples_per_second, report.loss);
  text += metrics_text(report);
  text += "\n  bytes between ranks\n";
  std::int64_t total = 0;
  for (std::size_t i = 0; i < report.bytes.size(); ++i) {
    fmt::format_to(out, "    {:<10} {:>9}\n", training::traffic_names[i],
                   base::bytes_text(static_cast<double>(report.bytes[i])));
    total += report.bytes[i];
  }
  fmt::format_to(out, "    {:<10} {:>9}\n", "total", base::bytes_text(static_cast<double>(total)));
  fmt::format_to(out, "\n  seconds by phase, over ranks\n    {:<10} {:>10} {:>10} {:>10} {:>10} {:>10}\n", "",
                 "min", "mean", "max", "GFLOP/s", "overlap");
  for (std::size_t i = 0; i < base::phase_names.size(); ++i) {
    const double flops = report.phase_flops[i];
    const auto overlap = report.phase_overlap[i];
    fmt::format_to(out, "    {:<10} {:>10.3f} {:>10.3f} {:>10.3f} {:>10} {:>10}\n", base::phase_names[i],
                   report.phase_min[i], report.phase_mean[i], report.phase_max[i],
                   flops > 0 ? fmt::format("{:.1f}", flops / 1e9) : "",
                   overlap ? fmt::format("{:.0f} %", 100 * *overlap) : "");
  }
  text +=
      "  GFLOP/s: of a rank's matrix products; overlap: share of an exchange's time in which the rank "
      "computed\n";
  fmt::format_to(out, "\nmost memory of a rank: {}\n",
                 base::bytes_text(static_cast<double>(report.peak_memory)));
  if (report.best && !report.best->checkpoint.empty())
    fmt::format_to(out, "best checkpoint: {}\n", report.best->checkpoint);
  if (!report.checkpoint.empty()) fmt::format_to(out, "last checkpoint: {}\n", report.checkpoint);
  return text;
}

}  // namespace gemel::cli
