#include <fmt/format.h>

#include <filesystem>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes_text.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/checkpoint_data.hpp"
#include "cli/command_list.hpp"
#include "cli/common_rows.hpp"
#include "cli/given_arguments.hpp"
#include "cli/model_rows.hpp"
#include "cli/reading_bar.hpp"
#include "cli/spare_ranks.hpp"
#include "cli/train_options.hpp"
#include "ingest/overlap.hpp"
#include "ingest/prepared_writer.hpp"
#include "ingest/training_data.hpp"
#include "ingest/weights.hpp"
#include "mpi/agreement.hpp"
#include "options/checks.hpp"
#include "options/rows/rows.hpp"

namespace gemel::cli {
namespace {

struct PrepareCommandOptions {
  TrainingOptions training;
  std::string path;
  bool force = false;
  SpareRanks spare_ranks = SpareRanks::rest;
  std::string log_level = "info";
  std::string config;
  std::string made_by = {};  ///< the command that the file tells of
};

std::vector<options::Option> preparing_rows(DataOptions& data) {
  std::vector<options::Option> rows = data_rows(data);
  std::ranges::move(options::split_rows(data), std::back_inserter(rows));
  return rows;
}

options::OptionTable prepare_option_table(PrepareCommandOptions& o) {
  std::vector<options::Option> table = preparing_rows(o.training.data);
  std::ranges::move(std::vector<options::Option>{{"Output", "out", "FILE.h5", "The file that is written.",
                                                  options::text(o.path, "none")},
                                                 force_row(o.force),
                                                 spare_ranks_row(o.spare_ranks),
                                                 log_level_row(o.log_level),
                                                 config_row(o.config)},
                    std::back_inserter(table));
  return {"trainer prepare", std::move(table)};
}

/// Collective.
PrepareCommandOptions parse(std::span<const std::string> arguments, mpi::Communicator& communicator) {
  PrepareCommandOptions options;
  options::OptionTable table = prepare_option_table(options);
  read_given_options(arguments, options.config, table, communicator);
  if (options.path.empty()) throw base::UsageError("--out FILE.h5 is missing: where is the data to go?");
  options::check_given(options.training, table);
  settle_split(options.training.data, table);
  check(options.training);
  options.made_by = "trainer prepare" + given_arguments(preparing_rows(options.training.data), table);
  return options;
}

/// `trainer prepare --help`.
std::string prepare_help() {
  PrepareCommandOptions defaults;
  return fmt::format(
      R"(trainer prepare reads data once, filters and splits it, and keeps it in one HDF5 file, with which
trainings start at once: trainer train --data FILE.h5 computes the same bits as from the data itself. The
file has all columns, so that any features can be tried, and its split, which is taken unless another one
is chosen. It is the same on any number of ranks, and HDF5's tools show it (src/ingest/README.md).

Usage:
  trainer prepare --out FILE.h5 [OPTIONS]
{}
Examples:
  trainer prepare --data data/ml-100k --out ml-100k.h5
  trainer prepare --ratings ratings.csv --items movies.csv --split time --k-core 5 --out movies.h5
  mpirun -n 8 trainer prepare --ratings 'days/*.csv.gz' --out days.h5

{})",
      prepare_option_table(defaults).help(), exit_code_help());
}

int prepare(const PrepareCommandOptions& given, mpi::Communicator& communicator, std::ostream& out) {
  mpi::agree(communicator, [&] {
    if (communicator.is_root()) base::require_free(given.path, given.force);
  });
  TrainingOptions training = given.training;
  training.model.adapt_query_features = training.model.adapt_candidate_features = true;
  std::optional<ReadingBar> bar(communicator.is_root());
  ingest::Dataset dataset = ingest::read_data(training, communicator, {.all = true});
  bar.reset();
  const ingest::Split split = ingest::split_interactions(dataset, training.data, communicator);
  dataset.weight_column = training.data.weight_column;
  if (!dataset.weight_column.empty())
    ingest::read_weights(dataset.weight_column, dataset, split, communicator);  // which refuses what is none
  ingest::store_split(ingest::SplitSettings::of(training.data), split, dataset, communicator);
  ingest::write_prepared(given.path, dataset, given.made_by, given.force, communicator);
  if (!communicator.is_root()) return 0;
  out << fmt::format("{}: {} interactions, {} items; {}\n", dataset.name, dataset.total,
                     dataset.catalogue_total, dataset.interactions.describe());
  for (const ingest::Part part : {ingest::Part::train, ingest::Part::validation, ingest::Part::test})
    out << fmt::format("{:>12}  {}\n", split.size(part), ingest::part_name(part));
  out << fmt::format("{:>12}  {}\n",
                     base::bytes_text(static_cast<double>(std::filesystem::file_size(given.path))),
                     given.path);
  return 0;
}

int run_prepare(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out) {
  PrepareCommandOptions defaults;
  if (shows_help(arguments, prepare_option_table(defaults), prepare_help(), communicator, out)) return 0;
  const PrepareCommandOptions given = parse_alike([&] { return parse(arguments, communicator); });
  base::set_up_log(given.log_level, communicator.is_root());
  return on_working_ranks(communicator, given.spare_ranks, std::numeric_limits<std::int64_t>::max(),
                          [&](mpi::Communicator& working) { return prepare(given, working, out); });
}

}  // namespace

Command prepare_command() {
  return {"prepare", "keep data in one file, from which trainings start at once", run_prepare};
}

}  // namespace gemel::cli
