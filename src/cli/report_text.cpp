#include "cli/report_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/bytes_text.hpp"
#include "cli/metrics_text.hpp"

namespace gemel::cli {
namespace {

std::string counted(std::int64_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

/// Where one is kept, the metrics are of the best checkpoint.
std::string outcome_text(const report::SummaryReport& report) {
  const bool of_best = report.best && !report.best->checkpoint.empty() && !report.interrupted;
  const std::string whose =
      of_best ? fmt::format(", of the best checkpoint (epoch {})", report.best->epoch) : "";
  std::string text = metrics_text(report.metrics, report.baselines, ingest::part_name(report.part), whose);
  if (report.best) {
    fmt::format_to(std::back_inserter(text), "\n  best {}: {:.4f} after epoch {}, step {}\n",
                   report.best->monitor, report.best->value, report.best->epoch, report.best->step);
  }
  return text;
}

/// The settings that are not those of `defaults`.
Settings other_than(const Settings& defaults, const Settings& settings) {
  Settings others;
  std::ranges::copy_if(settings, std::back_inserter(others), [&](const auto& setting) {
    return std::ranges::find(defaults, setting) == defaults.end();
  });
  return others;
}

/// Bytes between ranks by purpose; nothing of one rank, which sends none.
std::string bytes_table(const metering::TrafficBytes& bytes) {
  const std::int64_t total = std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0});
  if (total == 0) return "";
  std::string text = "\n  bytes between ranks\n";
  const auto line = [&](std::string_view what, std::int64_t of_it) {
    text += fmt::format("    {:<10} {:>9}\n", what, base::bytes_text(static_cast<double>(of_it)));
  };
  for (std::size_t i = 0; i < bytes.size(); ++i) line(metering::traffic_names[i], bytes[i]);
  line("total", total);
  return text;
}

std::string phases_table(const report::SummaryReport& report) {
  std::string text =
      fmt::format("\n  seconds by phase, over ranks\n    {:<10} {:>10} {:>10} {:>10} {:>10} {:>10}\n", "",
                  "min", "mean", "max", "GFLOP/s", "overlap");
  for (std::size_t i = 0; i < metering::phase_names.size(); ++i) {
    const double flops = report.phase_flops[i];
    const auto overlap = report.phase_overlap[i];
    text += fmt::format("    {:<10} {:>10.3f} {:>10.3f} {:>10.3f} {:>10} {:>10}\n", metering::phase_names[i],
                        report.phase_min[i], report.phase_mean[i], report.phase_max[i],
                        flops > 0 ? fmt::format("{:.1f}", flops / 1e9) : "",
                        overlap ? fmt::format("{:.0f} %", 100 * *overlap) : "");
  }
  return text +
         "  GFLOP/s: of a rank's matrix products; overlap: share of an exchange's time in\n"
         "  which the rank computed\n";
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t indent) {
  std::string lines;
  std::size_t room = report_columns;
  while (text.size() > room) {
    std::size_t end = text.rfind(", ", room - 1);
    end = end == std::string_view::npos || end < room / 2 ? text.rfind(' ', room) : end + 1;
    // A word that is too long by itself stays whole. Blanks before the first word are no place to break.
    if (end == std::string_view::npos || end <= text.find_first_not_of(' '))
      end = text.find(' ', text.find_first_not_of(' '));
    if (end == std::string_view::npos) break;
    lines.append(text.substr(0, end)).append("\n").append(indent, ' ');
    text.remove_prefix(end + 1);
    room = report_columns - indent;
  }
  return lines.append(text);
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  return whole < 3600 ? fmt::format("{:02}:{:02}", whole / 60, whole % 60)
                      : fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string seconds_text(double seconds) {
  if (seconds < 10) return fmt::format("{:.2f} s", seconds);
  if (seconds < 600) return fmt::format("{:.1f} s", seconds);
  const auto whole = std::llround(seconds);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string tables_text(const plan::Plan& plan) {
  std::string text = "tables\n";
  for (const plan::Plan::Table& table : plan.tables) text += wrapped("  " + table.text(), 6) + "\n";
  return text;
}

std::string plan_text(const plan::Plan& plan) {
  std::string text = tables_text(plan);
  const auto out = std::back_inserter(text);
  const auto line = [&](std::string_view what, double bytes) {
    fmt::format_to(out, "  {:<23} {:>9}\n", what, base::bytes_text(bytes));
  };
  text += "\nmemory of a rank\n";
  double tables = 0;
  for (const plan::Plan::Table& table : plan.tables) tables += table.memory;
  line("tables", tables);
  for (const auto& [what, bytes] : plan.memory) line(what, bytes);
  line("total", plan.total_memory());
  const auto is_of_step = [](std::size_t i) {
    return static_cast<metering::Traffic>(i) != metering::Traffic::evaluation;
  };
  double total = 0;
  for (std::size_t i = 0; i < plan.step_bytes.size(); ++i) total += is_of_step(i) ? plan.step_bytes[i] : 0;
  if (total == 0) return text + "\nsent by a rank in a step: nothing\n";
  text += "\nsent by a rank in a step\n";
  for (std::size_t i = 0; i < plan.step_bytes.size(); ++i)
    if (is_of_step(i)) line(metering::traffic_names[i], plan.step_bytes[i]);
  line("total", total);
  return text;
}

std::string run_text(const report::RunReport& report, const Settings& defaults) {
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
  const Settings shown = other_than(defaults, report.settings);
  if (!defaults.empty()) {
    text += shown.empty() ? "\nsettings: the defaults (--log-level debug shows them)\n"
                          : "\nsettings other than the defaults (--log-level debug shows all)\n";
  } else if (!shown.empty()) {
    text += "\nsettings\n";
  }
  for (const auto& [name, value] : shown) text += wrapped(fmt::format("  {:<25} {}", name, value), 28) + "\n";
  return text + "\n" + tables_text(report.plan);
}

std::string summary_text(const report::SummaryReport& report) {
  std::string text;
  const auto out = std::back_inserter(text);
  const char* end = report.interrupted ? "Interrupted" : report.stopped_early ? "Stopped early" : "Finished";
  fmt::format_to(out, "\n{} after epoch {}, step {}, in {}: training {}, evaluation {}, checkpoints {}\n",
                 end, report.epoch, report.step, seconds_text(report.seconds),
                 seconds_text(report.training_seconds), seconds_text(report.evaluation_seconds),
                 seconds_text(report.checkpoint_seconds));
  fmt::format_to(out, "{:.0f} training examples per second; loss {:.4f} per example\n",
                 report.examples_per_second, report.loss);
  text += outcome_text(report);
  text += bytes_table(report.bytes) + phases_table(report);
  fmt::format_to(out, "\nmost memory of a rank: {}\n",
                 base::bytes_text(static_cast<double>(report.peak_memory)));
  if (report.best && !report.best->checkpoint.empty())
    fmt::format_to(out, "best checkpoint: {}\n", report.best->checkpoint);
  if (!report.checkpoint.empty()) fmt::format_to(out, "last checkpoint: {}\n", report.checkpoint);
  return text;
}

}  // namespace gemel::cli
