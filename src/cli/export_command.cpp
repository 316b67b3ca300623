#include <fmt/format.h>

#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes_text.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/command_list.hpp"
#include "cli/model_rows.hpp"
#include "cli/progress_log.hpp"
#include "model/loaded_model.hpp"
#include "serving/export.hpp"

namespace gemel::cli {
namespace {

struct ExportCommandOptions {
  ModelCommandOptions model;
  std::string directory;
  std::vector<serving::ExportFormat> formats = {serving::ExportFormat::npy};
  std::vector<std::string> query;
  bool items_only = false;
  bool force = false;
};

std::vector<std::pair<std::string, serving::ExportFormat>> format_names() {
  using enum serving::ExportFormat;
  return {{"npy", npy}, {"fvecs", fvecs}, {"hdf5", hdf5}, {"jsonl", jsonl}, {"csv", csv}, {"onnx", onnx}};
}

options::OptionTable export_option_table(ExportCommandOptions& options) {
  std::vector<options::Option> table = model_rows(options.model);
  std::vector<options::Option> own = {
      {"Export", "to", "DIR", "Directory of the files; made if it is not there.",
       options::text(options.directory, "none")},
      {"Export", "format", "LIST",
       "One or more of npy, fvecs, hdf5, jsonl, csv (vectors of items and of users) and onnx (both towers, "
       "from features to vectors).",
       options::choices(options.formats, format_names())},
      {"Export", "query", "NAME=VALUE",
       "The value of a column that queries are made of beside the user, the same for all users. Give it once "
       "per column.",
       options::texts(options.query)},
      {"Export", "items-only", "[=true|false]", "No vectors of users.", options::toggle(options.items_only)},
      force_row(options.force),
  };
  std::ranges::move(own, std::back_inserter(table));
  return {"trainer export", std::move(table)};
}

serving::ExportOptions export_options(const ExportCommandOptions& given) {
  serving::ExportOptions options{.directory = given.directory,
                                 .formats = given.formats,
                                 .query = {},
                                 .items_only = given.items_only,
                                 .replace = given.force};
  for (const std::string& text : given.query)
    options.query.push_back(serving::parse_named_value(text, "--query", "timestamp=893286638"));
  const bool is_of_towers = given.formats == std::vector{serving::ExportFormat::onnx};
  if (!given.query.empty() && (given.items_only || is_of_towers)) {
    throw base::UsageError(
        fmt::format("--query is about vectors of users, and {} has none: leave one of them out",
                    is_of_towers ? "--format onnx" : "--items-only"));
  }
  if (given.items_only && is_of_towers)
    throw base::UsageError("--items-only is about vectors, and --format onnx has none: leave it out");
  return options;
}

ExportCommandOptions parse(std::span<const std::string> arguments, mpi::Communicator& communicator) {
  ExportCommandOptions options;
  options::OptionTable table = export_option_table(options);
  read_given_options(arguments, options.model.config, table, communicator);
  if (options.directory.empty()) throw base::UsageError("--to DIR is missing: where are the files to go?");
  return options;
}

std::string report_text(const serving::ExportReport& report) {
  std::string text;
  for (const serving::VectorTable& table : report.tables)
    fmt::format_to(std::back_inserter(text), "{} {}s, vectors of width {}\n", table.rows, table.noun,
                   table.dim);
  for (const base::WrittenFile& file : report.files) {
    fmt::format_to(std::back_inserter(text), "{:>10}  {}\n",
                   base::bytes_text(static_cast<double>(file.bytes)), file.path.string());
  }
  return text;
}

int export_vectors(const ExportCommandOptions& given, const serving::ExportOptions& options,
                   mpi::Communicator& communicator, std::ostream& out) {
  const auto model = model::LoadedModel::open(given.model.checkpoint, communicator);
  ProgressLog progress;
  const auto report = serving::export_model(model, options, given.model.threads, communicator,
                                            [&](const serving::VectorTable& table, std::int64_t done) {
                                              progress.tell(done, table.rows, table.noun + "s");
                                            });
  if (communicator.is_root()) out << report_text(report);
  return 0;
}

/// `trainer export --help`.
std::string export_help() {
  ExportCommandOptions defaults;
  return fmt::format(
      R"(trainer export writes the vectors of a trained model's items and users, with their ids, or its towers,
for other programs. A query's score of an item is the dot product of their vectors. The files are the
same on any number of ranks; they appear when all of them are whole.

Usage:
  trainer export CHECKPOINT --to DIR [OPTIONS]
{}
Examples:
  trainer export checkpoints --to vectors --query timestamp=893286638
  trainer export checkpoints --to vectors --format jsonl,npy --items-only
  trainer export checkpoints --to towers --format onnx

{})",
      export_option_table(defaults).help(), exit_code_help());
}

int run_export(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out) {
  ExportCommandOptions defaults;
  if (shows_help(arguments, export_option_table(defaults), export_help(), communicator, out)) return 0;
  const ExportCommandOptions given = parse_alike([&] { return parse(arguments, communicator); });
  base::set_up_log(given.model.log_level, communicator.is_root());
  const serving::ExportOptions options = parse_alike([&] { return export_options(given); });
  return on_working_ranks(
      communicator, given.model.spare_ranks, std::numeric_limits<std::int64_t>::max(),
      [&](mpi::Communicator& working) { return export_vectors(given, options, working, out); });
}

}  // namespace

Command export_command() {
  return {"export", "write a model's vectors, or its towers, for other programs", run_export};
}

}  // namespace gemel::cli
