#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/memory.hpp"
#include "cli/command_list.hpp"
#include "cli/reading_bar.hpp"
#include "cli/report_text.hpp"
#include "cli/train_options.hpp"
#include "ingest/training_data.hpp"
#include "mpi/agreement.hpp"
#include "plan/job_shape.hpp"
#include "plan/plan.hpp"

namespace gemel::cli {
namespace {

constexpr double most_rows = 4294967295.0;  // feature words have 32 bits

struct PlanOptions {
  TrainCommandOptions train;
  int ranks = 1;
  std::vector<std::string> rows;
  std::int64_t interactions = 0;
  std::int64_t items = 0;
};

/// How many items, or the file that tells of them, as --items of a training names it.
options::OptionValue count_or_file(std::int64_t& count, std::string& file) {
  const options::OptionValue number = options::whole_number(count, 0);
  const options::OptionValue path = options::input_path(file, "0");
  return {[=](const std::string& typed) {
            const bool is_number = typed.find_first_not_of("-0123456789") == std::string::npos;
            (is_number ? number : path).read(typed);
          },
          [=, &file] { return file.empty() ? number.show() : file; },
          nullptr,
          nullptr,
          nullptr,
          false,
          false,
          [&file] { return file.empty() ? std::vector<std::string>() : std::vector{file}; }};
}

options::OptionTable plan_option_table(PlanOptions& options) {
  std::vector<options::Option> table = {
      {"Plan", "ranks", "N", "Ranks of the job that is planned; it need not be started on them.",
       options::whole_number(options.ranks, 1, most_lanes)},
      {"Plan", "rows", "FEATURE=N",
       "Plan for a table of so many rows, such as user_id=1e9, instead of that of the data. Give it once per "
       "feature.",
       options::texts(options.rows)},
      {"Plan", "interactions", "N", "Plan for so many interactions; 0: those of the data.",
       options::whole_number(options.interactions, 0)},
      {"Plan", "items", "N|FILE",
       "Plan for a catalogue of so many items; 0: that of the data. Or, beside --ratings, the file that "
       "tells of "
       "items.",
       count_or_file(options.items, options.train.training.data.files.items)},
  };
  std::vector<options::Option> of_training = train_rows(options.train);
  std::erase_if(of_training, [](const options::Option& row) { return row.name == "items"; });
  std::ranges::move(of_training, std::back_inserter(table));
  return {"trainer plan", std::move(table)};
}

/// The N of FEATURE=N: a whole number, also written like 1e9.
std::int64_t parse_rows(const std::string& text, const std::string& number) {
  char* end = nullptr;
  const double rows = std::strtod(number.c_str(), &end);
  const bool is_number = !number.empty() && *end == '\0' && rows == std::floor(rows);
  if (!is_number || rows < 1 || rows > most_rows) {
    throw base::UsageError(
        fmt::format("--rows {}: expected FEATURE=N with a whole number of rows from 1 to {:.0f}, "
                    "such as user_id=1e9",
                    text, most_rows));
  }
  return static_cast<std::int64_t>(rows);
}

plan::DeclaredSizes declared_sizes(const PlanOptions& options, const plan::JobShape& job) {
  plan::DeclaredSizes declared;
  declared.interactions = options.interactions;
  declared.items = options.items;
  for (const std::string& text : options.rows) {
    const std::size_t equals = text.rfind('=');
    const std::string number = equals == std::string::npos ? "" : text.substr(equals + 1);
    const std::int64_t rows = parse_rows(text, number);
    declared.table_rows[plan::find_table(job, text.substr(0, equals), "--rows " + text)] = rows;
  }
  return declared;
}

PlanOptions parse(std::span<const std::string> arguments, mpi::Communicator& communicator) {
  PlanOptions options;
  options::OptionTable table = plan_option_table(options);
  read_given_options(arguments, options.train.config, table, communicator);
  settle_options(options.train, table);
  TrainingOptions& training = options.train.training;
  training.lanes = std::max(training.lanes, options.ranks);
  check(training);
  return options;
}

/// `trainer plan --help`.
std::string plan_help() {
  PlanOptions defaults;
  return fmt::format(
      R"(trainer plan tells, without training and without allocating the tables, where the embedding tables of a
job would be, and what memory a rank would need and what it would send in a step. It takes the options
of trainer train too, so that the same configuration file can be planned and trained. What a step
touches is counted in a few batches of the data; a table or a catalogue of a declared size is taken to
be touched evenly, the worst case. More ranks than lanes are planned with as many lanes as ranks.
Options of the output, of checkpoints and of how long a run goes on have no part in a plan.

Usage:
  trainer plan [OPTIONS]
{}
Examples:
  trainer plan --ranks 64 --data data/ml-100k --layers 64,32
  trainer plan --ranks 64 --rows user_id=1e9 --items 10000000 --batch-size 65536
  trainer plan --ranks 8 --config run.ini --placement user_id=sharded

{})",
      plan_option_table(defaults).help(), exit_code_help());
}

int run_plan(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out) {
  PlanOptions defaults;
  if (shows_help(arguments, plan_option_table(defaults), plan_help(), communicator, out)) return 0;
  const auto program_bytes = static_cast<double>(base::resident_memory());
  const PlanOptions options = parse_alike([&] { return parse(arguments, communicator); });
  const TrainingOptions& training = options.train.training;
  base::set_up_log(options.train.log_level, communicator.is_root());
  std::optional<ReadingBar> bar(communicator.is_root());
  const ingest::TrainingData data = ingest::prepare_data(training, communicator);
  bar.reset();
  plan::JobShape job = plan::describe_job(training, data, options.ranks, {}, communicator);
  plan::PlacementWishes wishes;
  plan::DeclaredSizes declared;
  mpi::agree(communicator, [&] {
    declared = declared_sizes(options, job);
    wishes = plan::read_placements(training.placements, job);
  });
  job = plan::describe_job(training, data, options.ranks, declared, communicator);
  job.program_bytes = program_bytes;
  if (!communicator.is_root()) return 0;
  const std::string steps =
      job.only_solves ? "sweeps of least squares" : fmt::format("batches of {}", training.batch_size);
  out << fmt::format("{} x 1 thread, {} lanes, {}; {} interactions, {} candidates\n\n",
                     options.ranks == 1 ? "1 rank" : fmt::format("{} ranks", options.ranks), training.lanes,
                     steps, job.train_examples + job.held_out_examples, job.candidates);
  out << plan_text(plan::make_plan(job, wishes));
  return 0;
}

}  // namespace

Command plan_command() {
  return {"plan", "tell what memory and traffic a job would need, without training", run_plan};
}

}  // namespace gemel::cli
