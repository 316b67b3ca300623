#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/log.hpp"
#include "checkpoint/checkpoint_reader.hpp"
#include "cli/command_list.hpp"
#include "cli/common_rows.hpp"
#include "cli/model_rows.hpp"
#include "cli/report_text.hpp"
#include "model/model_file.hpp"
#include "serving/checkpoint_difference.hpp"
#include "serving/checkpoint_json.hpp"

namespace gemel::cli {
namespace {

using serving::CheckpointDifference;

struct DiffCommandOptions {
  std::string a;
  std::string b;
  SpareRanks spare_ranks = SpareRanks::rest;
  std::string log_level = "info";
  bool json = false;
};

options::OptionTable diff_option_table(DiffCommandOptions& o) {
  return {"trainer diff",
          {options::Option{"Model", "a", "A", "A checkpoint, or a directory: its newest sound one.",
                           options::text(o.a, "none")}
               .as_argument(),
           options::Option{"Model", "b", "B", "Another one.", options::text(o.b, "none")}.as_argument(),
           spare_ranks_row(o.spare_ranks), log_level_row(o.log_level), json_row(o.json)}};
}

std::string or_missing(const std::string& text) {
  return text.empty() ? "(not there)" : text;
}

std::string texts_text(const char* heading, const std::vector<serving::TextDifference>& differences) {
  if (differences.empty()) return "";
  std::string text = fmt::format("\n{}\n", heading);
  for (const serving::TextDifference& difference : differences) {
    fmt::format_to(std::back_inserter(text), "  {:<26} {} | {}\n", difference.name, or_missing(difference.a),
                   or_missing(difference.b));
  }
  return text;
}

std::string datasets_text(const CheckpointDifference& difference) {
  if (difference.datasets.empty()) return "";
  std::string text =
      fmt::format("\n{:<44} {:>10} {:>12} {:>12}\n", "values", "differing", "largest", "relative");
  const auto out = std::back_inserter(text);
  for (const serving::DatasetDifference& dataset : difference.datasets) {
    if (dataset.differing) {
      fmt::format_to(out, "  {:<42} {:>10} {:>12.4g} {:>12.4g}\n", dataset.path, *dataset.differing,
                     dataset.largest, dataset.relative);
    } else {
      fmt::format_to(out, "  {:<42} {} | {}\n", dataset.path, or_missing(dataset.a), or_missing(dataset.b));
    }
  }
  return text + "  largest: |a - b|; relative: the norm of a - b to that of a\n";
}

std::string difference_text(const std::string& a, const std::string& b,
                            const CheckpointDifference& difference) {
  std::string text = fmt::format("A  {}\nB  {}\n", a, b);
  if (difference.is_equal()) return text + fmt::format("equal: {} datasets\n", difference.compared);
  text += texts_text("settings", difference.settings) + texts_text("progress", difference.progress) +
          datasets_text(difference);
  return text + fmt::format("\n{} of the {} datasets that both have are equal\n",
                            difference.compared -
                                std::ranges::count_if(difference.datasets,
                                                      [](const serving::DatasetDifference& dataset) {
                                                        return !dataset.a.empty() && !dataset.b.empty();
                                                      }),
                            difference.compared);
}

/// `trainer diff --help`.
std::string diff_help() {
  DiffCommandOptions defaults;
  return fmt::format(
      R"(trainer diff compares two checkpoints: settings, progress, and every value, the largest differences
first. When and by how many ranks they were written makes no difference. Two that are equal hold the
same model, bit for bit. The exit code is 0 when they are equal, and 8 when they are not.

Usage:
  trainer diff A B [OPTIONS]
{}
Example:
  trainer diff checkpoints/run-001-step-00000400.h5 checkpoints/run-002-step-00000400.h5

{})",
      diff_option_table(defaults).help(), exit_code_help());
}

int compare(const DiffCommandOptions& options, mpi::Communicator& communicator, std::ostream& out) {
  const auto a = model::open_checkpoint(options.a, communicator);
  const auto b = model::open_checkpoint(options.b, communicator);
  const CheckpointDifference difference = serving::compare(*a, *b);
  if (communicator.is_root()) {
    const std::string path_a = a->path().string();
    const std::string path_b = b->path().string();
    out << (options.json ? json_text(serving::to_json(path_a, path_b, difference))
                         : difference_text(path_a, path_b, difference));
  }
  return static_cast<int>(difference.is_equal() ? base::ExitCode::success : base::ExitCode::differs);
}

int run_diff(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out) {
  DiffCommandOptions options;
  options::OptionTable table = diff_option_table(options);
  if (shows_help(arguments, table, diff_help(), communicator, out)) return 0;
  parse_alike([&] { table.read_command_line(arguments); });
  base::set_up_log(options.log_level, communicator.is_root());
  return on_working_ranks(communicator, options.spare_ranks, communicator.size(),
                          [&](mpi::Communicator& working) { return compare(options, working, out); });
}

}  // namespace

Command diff_command() {
  return {"diff", "compare two checkpoints", run_diff};
}

}  // namespace gemel::cli
