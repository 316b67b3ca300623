#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "cli/checkpoint_data.hpp"
#include "cli/command_list.hpp"
#include "cli/common_rows.hpp"
#include "cli/describe_text.hpp"
#include "cli/given_arguments.hpp"
#include "cli/model_rows.hpp"
#include "cli/reading_bar.hpp"
#include "cli/report_text.hpp"
#include "cli/spare_ranks.hpp"
#include "cli/train_options.hpp"
#include "ingest/training_data.hpp"
#include "options/checks.hpp"

namespace gemel::cli {
namespace {

struct DescribeCommandOptions {
  TrainingOptions training;
  bool json = false;
  SpareRanks spare_ranks = SpareRanks::rest;
  std::string log_level = "info";
  std::string config;
  std::string data_arguments = {};  ///< the options that name the data, as they would be typed again
  bool has_filter = false;          ///< duplicates or a k-core are given
};

options::OptionTable describe_option_table(DescribeCommandOptions& o) {
  std::vector<options::Option> table = data_rows(o.training.data);
  std::ranges::move(std::vector<options::Option>{json_row(o.json), spare_ranks_row(o.spare_ranks),
                                                 log_level_row(o.log_level), config_row(o.config)},
                    std::back_inserter(table));
  return {"trainer describe", std::move(table)};
}

/// Collective.
DescribeCommandOptions parse(std::span<const std::string> arguments, mpi::Communicator& communicator) {
  DescribeCommandOptions options;
  options::OptionTable table = describe_option_table(options);
  read_given_options(arguments, options.config, table, communicator);
  options::check_given(options.training, table);
  settle_split(options.training.data, table);
  check(options.training);
  options.data_arguments = given_arguments(data_rows(options.training.data), table);
  options.has_filter = table.is_given("duplicates") || table.is_given("k-core");
  return options;
}

/// `trainer describe --help`.
std::string describe_help() {
  DescribeCommandOptions defaults;
  return fmt::format(
      R"(trainer describe tells what is in data before anything is trained: how many interactions, users and
items, when, how they are spread, duplicates, columns with examples, what looks like a mistake and what
to do about it, and a command to begin with. It reads the data as a training does, with its filters.

Usage:
  trainer describe [OPTIONS]
{}
Examples:
  trainer describe --data data/ml-100k
  trainer describe --data data/ml-100k --min-rating 4 --json
  mpirun -n 4 trainer describe --ratings ratings.csv

{})",
      describe_option_table(defaults).help(), exit_code_help());
}

int describe(const DescribeCommandOptions& given, mpi::Communicator& communicator, std::ostream& out) {
  TrainingOptions training = given.training;
  training.model.adapt_query_features = training.model.adapt_candidate_features = true;
  std::optional<ReadingBar> bar(communicator.is_root());
  const ingest::Dataset dataset = ingest::read_data(training, communicator, {.all = true});
  bar.reset();
  DataDescription description = {
      ingest::summarize(dataset, ingest::time_now(communicator), communicator), {}, {}};
  if (!communicator.is_root()) return 0;
  description.mistakes = ingest::find_mistakes(description.data);
  const ingest::Advice advice = ingest::advise(description.data, given.has_filter);
  description.command = advice.ranks > 1 ? fmt::format("mpirun -n {} ", advice.ranks) : "";
  description.command += "trainer train" + given.data_arguments;
  for (const std::string& word : advice.options) description.command += " " + word;
  out << (given.json ? json_text(to_json(description)) : description_text(description));
  return 0;
}

int run_describe(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out) {
  DescribeCommandOptions defaults;
  if (shows_help(arguments, describe_option_table(defaults), describe_help(), communicator, out)) return 0;
  const DescribeCommandOptions given = parse_alike([&] { return parse(arguments, communicator); });
  base::set_up_log(given.log_level, communicator.is_root());
  return on_working_ranks(communicator, given.spare_ranks, std::numeric_limits<std::int64_t>::max(),
                          [&](mpi::Communicator& working) { return describe(given, working, out); });
}

}  // namespace

Command describe_command() {
  return {"describe", "tell what is in data before anything is trained", run_describe};
}

}  // namespace gemel::cli
