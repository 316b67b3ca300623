#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/checkpoint_data.hpp"
#include "cli/command_list.hpp"
#include "cli/metrics_text.hpp"
#include "cli/model_rows.hpp"
#include "cli/reading_bar.hpp"
#include "cli/report_text.hpp"
#include "cli/resumed_options.hpp"
#include "cli/ticker.hpp"
#include "cli/train_options.hpp"
#include "model/model_file.hpp"
#include "mpi/agreement.hpp"
#include "options/checks.hpp"
#include "options/rows/rows.hpp"
#include "serving/evaluate.hpp"

namespace gemel::cli {
namespace {

using nlohmann::ordered_json;

struct EvaluateCommandOptions {
  ModelCommandOptions model;
  serving::EvaluationRequest request;
  bool json = false;
};

options::OptionTable evaluate_option_table(EvaluateCommandOptions& o) {
  TrainingOptions& training = o.request.options;
  std::vector<options::Option> table = model_rows(o.model);
  std::vector<options::Option> own = {
      {"Evaluation", "part", "PART",
       "Which examples: train, validation, test, all; or auto, those for the test, where there are none "
       "those for validation, or else those of training.",
       options::choice(o.request.part, serving::evaluated_part_names())},
      {"Evaluation", "by", "COLUMN",
       "Measure groups of examples by themselves, too: popularity (deciles of the items by training "
       "examples), activity (deciles of the users by theirs), or a column of the interactions or of the "
       "items, such as rating or genres.",
       options::text(o.request.by, "none")},
      json_row(o.json),
  };
  for (std::vector<options::Option> rows : {data_rows(training.data), options::split_rows(training.data),
                                            options::metric_rows(training), std::move(own)})
    std::ranges::move(rows, std::back_inserter(table));
  std::erase_if(table, [](const options::Option& row) {  // of training alone
    return row.name == "weight-column" || row.name == "validate-every";
  });
  return {"trainer evaluate", std::move(table)};
}

/// Collective.
EvaluateCommandOptions parse(std::span<const std::string> arguments, mpi::Communicator& communicator) {
  EvaluateCommandOptions options;
  options::OptionTable table = evaluate_option_table(options);
  read_given_options(arguments, options.model.config, table, communicator);
  base::set_up_log(options.model.log_level, communicator.is_root());
  const auto reader = model::open_checkpoint(options.model.checkpoint, communicator);
  options.model.checkpoint = reader->path().string();
  const SavedSettings saved = read_settings(*reader);
  mpi::agree(communicator, [&] {
    require_source(saved, table);
    read_saved(saved, table);
    if (!names_data(table)) spdlog::info("data ({}) and its split are those of {}", saved.source, saved.path);
    TrainingOptions& training = options.request.options;
    training.threads = options.model.threads;
    options::check_given(training, table);
    settle_split(training.data, table);
    check(training);
  });
  return options;
}

/// Says what goes on when it takes long.
class SlowNews {
 public:
  void tell(const std::string& activity) {
    const std::lock_guard lock(mutex_);
    activity_ = activity;
    started_ = Clock::now();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void say() {
    const std::lock_guard lock(mutex_);
    const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
    if (!activity_.empty()) spdlog::info("{}, for {} so far", activity_, seconds_text(seconds));
  }

  std::mutex mutex_;
  std::string activity_;
  Clock::time_point started_;
  Ticker ticker_{std::chrono::seconds(30), [this] { say(); }};
};

/// Width of its column in a table of groups.
std::size_t column(const Metric& metric) {
  return std::max<std::size_t>(7, metric.name().size());
}

/// "accuracy by rating", with a line for each group and ranking. Whole lines.
std::string groups_text(const serving::EvaluationReport& report, const std::string& by, MetricKind kind) {
  std::string text;
  const auto out = std::back_inserter(text);
  const auto values_text = [&](const MetricValues& values) {
    for (const auto& [metric, value] : values)
      if (metric.kind == kind) fmt::format_to(out, " {:>{}.4f}", value, column(metric));
    text += "\n";
  };
  const auto names = metric_kinds();
  const auto name = std::ranges::find(names, kind, &std::pair<std::string, MetricKind>::second)->first;
  fmt::format_to(out, "\n  {} by {}\n    {:<26} {:>8}", name, by, "", "examples");
  for (const auto& [metric, value] : report.all.model)
    if (metric.kind == kind) fmt::format_to(out, " {:>{}}", metric.name(), column(metric));
  text += "\n";
  for (const serving::Comparison& group : report.groups) {
    fmt::format_to(out, "    {:<26} {:>8}", group.name, group.examples);
    values_text(group.model);
    fmt::format_to(out, "      {:<24} {:>8}", "popularity", "");
    values_text(group.baselines.popularity);
    fmt::format_to(out, "      {:<24} {:>8}", "random", "");
    values_text(group.baselines.random);
  }
  return text;
}

std::string report_text(const serving::EvaluationReport& report, const std::string& by) {
  std::string text =
      fmt::format("{} (epoch {}, step {})\n{} {}examples of {}, {} candidates\n", report.checkpoint,
                  report.epoch, report.step, report.all.examples,
                  report.part == "all" ? "" : report.part + " ", report.data, report.candidates);
  if (report.with_unknown_item > 0)
    text += fmt::format("{} examples are missed: their items are not in the model's catalogue\n",
                        report.with_unknown_item);
  if (report.with_unknown_user > 0)
    text += fmt::format("{} examples are of users that the model does not know\n", report.with_unknown_user);
  text +=
      metrics_text(report.all.model, report.all.baselines, report.part == "all" ? "evaluated" : report.part);
  std::vector<MetricKind> kinds;
  for (const auto& [metric, value] : report.all.model)
    if (kinds.empty() || kinds.back() != metric.kind) kinds.push_back(metric.kind);
  if (!report.groups.empty())
    for (const MetricKind kind : kinds) text += groups_text(report, by, kind);
  return text;
}

ordered_json to_json(const MetricValues& values) {
  ordered_json json = ordered_json::object();
  for (const auto& [metric, value] : values) json[metric.key()] = value;
  return json;
}

ordered_json to_json(const serving::Comparison& comparison) {
  return {{"examples", comparison.examples},
          {"model", to_json(comparison.model)},
          {"popularity", to_json(comparison.baselines.popularity)},
          {"random", to_json(comparison.baselines.random)}};
}

ordered_json report_json(const serving::EvaluationReport& report, const std::string& by) {
  ordered_json json = {{"checkpoint", report.checkpoint},
                       {"epoch", report.epoch},
                       {"step", report.step},
                       {"data", report.data},
                       {"part", report.part},
                       {"candidates", report.candidates},
                       {"examples_with_unknown_item", report.with_unknown_item},
                       {"examples_with_unknown_user", report.with_unknown_user}};
  json.update(to_json(report.all));
  if (by.empty()) return json;
  json["by"] = by;
  json["groups"] = ordered_json::array();
  for (const serving::Comparison& group : report.groups) {
    ordered_json entry = {{"group", group.name}};
    entry.update(to_json(group));
    json["groups"].push_back(entry);
  }
  return json;
}

/// `trainer evaluate --help`.
std::string evaluate_help() {
  EvaluateCommandOptions defaults;
  return fmt::format(
      R"(trainer evaluate measures a trained model on examples, beside two rankings that need no model: popularity,
and random order. Data, split and metrics that are not given are those of the checkpoint; then the
figures of its test part are those of the training run, bit for bit. The catalogue that is ranked is
always the checkpoint's.

Usage:
  trainer evaluate CHECKPOINT [OPTIONS]
{}
Examples:
  trainer evaluate checkpoints
  trainer evaluate checkpoints --by popularity --metrics recall,ndcg --top-k 10,20
  trainer evaluate checkpoints --ratings new-ratings.csv --part all --json

{})",
      evaluate_option_table(defaults).help(), exit_code_help());
}

int evaluate(const EvaluateCommandOptions& options, mpi::Communicator& communicator, std::ostream& out) {
  const ReadingBar bar(communicator.is_root());
  std::optional<SlowNews> news;
  if (communicator.is_root()) news.emplace();
  const auto tell = [&](const std::string& activity) {
    if (news) news->tell(activity);
  };
  const auto reader = model::open_checkpoint(options.model.checkpoint, communicator);
  const serving::EvaluationReport report = serving::evaluate(*reader, options.request, tell);
  if (!communicator.is_root()) return 0;
  const std::string& by = options.request.by;
  out << (options.json ? json_text(report_json(report, by)) : report_text(report, by));
  return 0;
}

int run_evaluate(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out) {
  EvaluateCommandOptions defaults;
  if (shows_help(arguments, evaluate_option_table(defaults), evaluate_help(), communicator, out)) return 0;
  const EvaluateCommandOptions options = parse_alike([&] { return parse(arguments, communicator); });
  return on_working_ranks(communicator, options.model.spare_ranks, communicator.size(),
                          [&](mpi::Communicator& working) { return evaluate(options, working, out); });
}

}  // namespace

Command evaluate_command() {
  return {"evaluate", "measure a trained model, beside rankings without one", run_evaluate};
}

}  // namespace gemel::cli
