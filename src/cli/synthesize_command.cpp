#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes_text.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/command_list.hpp"
#include "cli/common_rows.hpp"
#include "cli/model_rows.hpp"
#include "cli/progress_log.hpp"
#include "cli/spare_ranks.hpp"
#include "ingest/synthetic_files.hpp"

namespace gemel::cli {
namespace {

struct SynthesizeCommandOptions {
  SyntheticOptions sizes;
  std::string directory;
  ingest::SyntheticFormat format = ingest::SyntheticFormat::csv;
  bool force = false;
  SpareRanks spare_ranks = SpareRanks::rest;
  std::string log_level = "info";
  std::string config;
};

options::OptionTable synthesize_option_table(SynthesizeCommandOptions& o) {
  using enum ingest::SyntheticFormat;
  constexpr std::int64_t most_items = std::numeric_limits<std::int32_t>::max() - 1;
  return {
      "trainer synthesize",
      {{"Data", "users", "N", "Users; only those who do something are seen.",
        options::whole_number(o.sizes.users, 1)},
       {"Data", "items", "N", "Items of the catalogue.", options::whole_number(o.sizes.items, 1, most_items)},
       {"Data", "interactions", "N", "Interactions.", options::whole_number(o.sizes.interactions, 1)},
       {"Data", "seed", "N", "Other numbers make other data. The built-in data has the default.",
        options::whole_number(o.sizes.seed, 0)},
       {"Output", "out", "DIR", "Directory of the files; made if it is not there.",
        options::text(o.directory, "none")},
       {"Output", "format", "FORMAT",
        "What the files are: csv (ratings.csv and items.csv), movielens-100k (u.data, u.item and u.genre) or "
        "hdf5 (data.h5, as of trainer prepare but not split; made in memory); --data reads a directory of "
        "any.",
        options::choice(o.format, {{"csv", csv}, {"movielens-100k", movielens_100k}, {"hdf5", hdf5}})},
       force_row(o.force),
       spare_ranks_row(o.spare_ranks),
       log_level_row(o.log_level),
       config_row(o.config)}};
}

SynthesizeCommandOptions parse(std::span<const std::string> arguments, mpi::Communicator& communicator) {
  SynthesizeCommandOptions options;
  options::OptionTable table = synthesize_option_table(options);
  read_given_options(arguments, options.config, table, communicator);
  if (options.directory.empty()) throw base::UsageError("--out DIR is missing: where are the files to go?");
  return options;
}

int write_files(const SynthesizeCommandOptions& given, mpi::Communicator& communicator, std::ostream& out) {
  ProgressLog progress(std::chrono::seconds(5));
  const auto written = ingest::write_synthetic(
      given.sizes, {.format = given.format, .directory = given.directory, .replace = given.force},
      communicator,
      [&](const std::string& file, std::int64_t lines, std::int64_t all_lines, std::uint64_t bytes) {
        if (!progress.is_due()) return;
        spdlog::info("{}: {} of {} lines, {}", file, lines, all_lines,
                     base::bytes_text(static_cast<double>(bytes)));
      });
  if (!communicator.is_root()) return 0;
  for (const base::WrittenFile& file : written) {
    out << fmt::format("{:>10}  {}\n", base::bytes_text(static_cast<double>(file.bytes)), file.path.string());
  }
  return 0;
}

/// `trainer synthesize --help`.
std::string synthesize_help() {
  SynthesizeCommandOptions defaults;
  return fmt::format(
      R"(trainer synthesize writes the built-in data, of any size, as files. It has structure that a model can
learn: tastes, favourites, titles that tell them, popularity (data/README.md). The files are the same on
any number of ranks; they appear when all of them are whole.

Usage:
  trainer synthesize --out DIR [OPTIONS]
{}
Examples:
  trainer synthesize --out made-up
  trainer synthesize --out made-up --format movielens-100k
  mpirun -n 8 trainer synthesize --out large --users 1000000 --items 100000 --interactions 100000000

{})",
      synthesize_option_table(defaults).help(), exit_code_help());
}

int run_synthesize(std::span<const std::string> arguments, mpi::Communicator& communicator,
                   std::ostream& out) {
  SynthesizeCommandOptions defaults;
  if (shows_help(arguments, synthesize_option_table(defaults), synthesize_help(), communicator, out))
    return 0;
  const SynthesizeCommandOptions given = parse_alike([&] { return parse(arguments, communicator); });
  base::set_up_log(given.log_level, communicator.is_root());
  return on_working_ranks(communicator, given.spare_ranks, std::numeric_limits<std::int64_t>::max(),
                          [&](mpi::Communicator& working) { return write_files(given, working, out); });
}

}  // namespace

Command synthesize_command() {
  return {"synthesize", "write made-up data of any size that a model can learn", run_synthesize};
}

}  // namespace gemel::cli
