#include <fmt/format.h>

#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/bytes_text.hpp"
#include "base/log.hpp"
#include "cli/command_list.hpp"
#include "cli/curve.hpp"
#include "cli/model_rows.hpp"
#include "cli/report_text.hpp"
#include "model/model_file.hpp"
#include "serving/checkpoint_json.hpp"
#include "serving/checkpoint_summary.hpp"

namespace gemel::cli {
namespace {

using serving::CheckpointSummary;

struct InspectCommandOptions {
  ModelCommandOptions model;
  bool json = false;
};

options::OptionTable inspect_option_table(InspectCommandOptions& options) {
  std::vector<options::Option> table = reading_rows(options.model);
  table.push_back(json_row(options.json));
  return {"trainer inspect", std::move(table)};
}

std::string shape_text(const hdf5::Shape& shape) {
  return shape.cols ? fmt::format("[{}, {}]", shape.rows, *shape.cols) : fmt::format("[{}]", shape.rows);
}

std::string model_text(const CheckpointSummary& summary) {
  std::string text = fmt::format("\nmodel: {} candidates, vectors of width {}\n", summary.items, summary.dim);
  const auto out = std::back_inserter(text);
  for (const serving::TowerSummary& tower : summary.towers) {
    fmt::format_to(out, "  {} tower: {} parameters in tables, {} in layers\n", tower.name,
                   tower.table_parameters, tower.dense_parameters);
    for (const serving::FeatureSummary& feature : tower.features) {
      if (feature.table_rows == 0) {
        fmt::format_to(out, "    {}\n", feature.declaration);
        continue;
      }
      fmt::format_to(out, "    {:<28} [{}, {}]", feature.declaration, feature.table_rows, feature.dim);
      if (!feature.head.empty()) fmt::format_to(out, "  \"{}\", ...", fmt::join(feature.head, "\", \""));
      text += "\n";
    }
  }
  return text;
}

std::string history_text(const CheckpointSummary& summary) {
  if (summary.history.empty() || summary.history.front().values.empty()) return "";
  std::string text = fmt::format("\nhistory of {} epochs\n  {:<12} {:>10} {:>10} {:>10}\n",
                                 summary.history.front().values.size(), "", "first", "best", "last");
  for (const serving::HistorySeries& series : summary.history) {
    const bool is_loss = series.name == "loss";
    if (const auto range = range_of(series.values)) {
      fmt::format_to(std::back_inserter(text), "  {:<12} {:>10.4f} {:>10.4f} {:>10.4f}  {}\n", series.name,
                     range->first, is_loss ? range->least : range->greatest, range->last,
                     curve(series.values, 32));
    }
  }
  return text;
}

std::string parameters_text(const CheckpointSummary& summary) {
  std::string text = fmt::format("\n{:<44} {:>14} {:>10} {:>10}\n", "parameters", "shape", "norm", "largest");
  for (const serving::ParameterSummary& parameter : summary.parameters) {
    fmt::format_to(std::back_inserter(text), "  {:<42} {:>14} {:>10.4g} {:>10.4g}\n", parameter.path,
                   shape_text(parameter.shape), parameter.norm, parameter.largest);
  }
  return text;
}

std::string summary_text(const CheckpointSummary& summary) {
  std::string text = fmt::format(
      "{}: {}, written {} by version {} on {} rank{}\nafter epoch {}, step {}{}\n", summary.path,
      base::bytes_text(static_cast<double>(summary.bytes)), summary.created, summary.program_version,
      summary.ranks, summary.ranks == 1 ? "" : "s", summary.epoch, summary.step,
      summary.step_in_epoch > 0 ? fmt::format(" ({} steps into the next epoch)", summary.step_in_epoch) : "");
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "{}: {} interactions ({} to train, {} to validate, {} to test)\n", summary.data.name,
                 summary.data.interactions, summary.data.train_examples, summary.data.validation_examples,
                 summary.data.test_examples);
  text += "\nsettings other than the defaults\n";
  for (const auto& [name, value] : summary.settings)
    fmt::format_to(out, "{}\n", wrapped(fmt::format("  {:<26} {}", name, value), 29));
  text += model_text(summary) + history_text(summary) + parameters_text(summary) + "\nstored\n";
  for (const serving::StoredPart& part : summary.stored) {
    fmt::format_to(out, "  {:<24} {:>10} in {} dataset{}\n", part.what,
                   base::bytes_text(static_cast<double>(part.bytes)), part.datasets,
                   part.datasets == 1 ? "" : "s");
  }
  return text;
}

/// `trainer inspect --help`.
std::string inspect_help() {
  InspectCommandOptions defaults;
  return fmt::format(
      R"(trainer inspect tells what is in a checkpoint: the model with its shapes, the data that it was trained
on, the settings that are not the defaults, what was measured epoch by epoch, the norms of parameters
(of their averages, where the training kept any), the first strings of vocabularies, and what is stored.
Values that are read are held against their checksums; trainer verify reads all of them.

Usage:
  trainer inspect CHECKPOINT [OPTIONS]
{}
Examples:
  trainer inspect checkpoints
  trainer inspect checkpoints/run-001-step-00012000.h5 --json

{})",
      inspect_option_table(defaults).help(), exit_code_help());
}

int run_inspect(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out) {
  InspectCommandOptions options;
  options::OptionTable table = inspect_option_table(options);
  if (shows_help(arguments, table, inspect_help(), communicator, out)) return 0;
  parse_alike([&] { read_given_options(arguments, options.model.config, table, communicator); });
  base::set_up_log(options.model.log_level, communicator.is_root());
  return on_working_ranks(
      communicator, options.model.spare_ranks, communicator.size(), [&](mpi::Communicator& working) {
        const auto reader = model::open_checkpoint(options.model.checkpoint, working);
        const CheckpointSummary summary = serving::summarize(*reader);
        if (!working.is_root()) return 0;
        out << (options.json ? json_text(serving::to_json(summary)) : summary_text(summary));
        return 0;
      });
}

}  // namespace

Command inspect_command() {
  return {"inspect", "tell what is in a checkpoint", run_inspect};
}

}  // namespace gemel::cli
