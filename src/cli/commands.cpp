#include "cli/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/error.hpp"
#include "base/instruction_level.hpp"
#include "cli/plan_command.hpp"
#include "cli/train_command.hpp"
#include "gemel/version.hpp"
#include "hdf5/file.hpp"
#include "mpi/agreement.hpp"
#include "mpi/environment.hpp"
#include "onednn/runtime.hpp"
#include "options/nearest_name.hpp"

namespace gemel::cli {
namespace {

const Command& find_command(const std::string& name) {
  const auto found = std::ranges::find(commands(), name, &Command::name);
  if (found != commands().end()) return *found;
  std::vector<std::string> names;
  for (const Command& command : commands()) names.push_back(command.name);
  const std::string nearest = options::nearest_name(name, names);
  // Every rank was given the same arguments.
  throw mpi::AgreedError(base::ExitCode::usage,
                         fmt::format("{}: no such command.{} See trainer --help", name,
                                     nearest.empty() ? "" : fmt::format(" Did you mean {}?", nearest)));
}

/// The option that help is asked for, "" for all of them, or nothing.
std::optional<std::string> topic_of(std::span<const std::string> arguments) {
  constexpr std::string_view with_value = "--help=";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument.starts_with(with_value)) return options::without_dashes(argument.substr(with_value.size()));
    if (argument != "--help" && argument != "-h") continue;
    const bool has_next = i + 1 < arguments.size();
    const bool names_option = has_next && (!arguments[i + 1].starts_with("-") || i + 2 == arguments.size());
    return names_option ? options::without_dashes(arguments[i + 1]) : "";
  }
  return std::nullopt;
}

/// Throws AgreedError where a word is neither an option nor stands behind one, as its value or as what --help is to explain.
void refuse_stray_words(std::span<const std::string> arguments) {
  bool may_be_value = false;
  for (const std::string& argument : arguments) {
    const bool is_option = argument.starts_with("-");
    if (!is_option && !may_be_value) {
      throw mpi::AgreedError(
          base::ExitCode::usage,
          fmt::format("{}: this belongs to no option; --help alone explains all options, and --help {} would "
                      "explain one",
                      argument, argument));
    }
    may_be_value = is_option && argument.find('=') == std::string::npos;
  }
}

/// `trainer --help [COMMAND [OPTION]]`.
int program_help_of(std::span<const std::string> topic, mpi::Communicator& communicator, std::ostream& out) {
  if (topic.empty()) {
    if (communicator.is_root()) out << program_help();
    return 0;
  }
  std::vector<std::string> arguments(topic.begin(), topic.end());
  const bool names_command = !arguments.front().starts_with("-");
  const Command& command = names_command ? find_command(arguments.front()) : commands().front();
  if (names_command) arguments.erase(arguments.begin());
  arguments.insert(arguments.begin(), "--help");
  return command.run(arguments, communicator, out);
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> table = {
      {"train", "train a two-tower model, evaluate it and write checkpoints", train_command},
      {"plan", "tell what memory and traffic a job would need, without training", plan_command},
  };
  return table;
}

int run(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out) {
  const std::string first = arguments.empty() ? "" : arguments.front();
  if (first == "--version") {
    if (communicator.is_root()) out << version_text() << "\n";
    return 0;
  }
  if (first == "--help" || first == "-h" || first == "help") {
    return program_help_of(arguments.subspan(1), communicator, out);
  }
  const bool names_command = !first.empty() && !first.starts_with("-");
  const Command& command = names_command ? find_command(first) : commands().front();
  return command.run(arguments.subspan(names_command ? 1 : 0), communicator, out);
}

std::string version_text() {
  return fmt::format(
      "trainer {} (gemel), {}\ncommit {}\n{}\n{}\ninstruction set: {} in oneDNN, {} in own loops", version(),
      mpi::Environment::library_version(), commit(), onednn::Runtime::version(), hdf5::library_version(),
      onednn::Runtime::instruction_set(), base::instruction_level());
}

std::string program_help() {
  std::string listed;
  for (const Command& command : commands()) {
    fmt::format_to(std::back_inserter(listed), "  {:<10} {}\n", command.name, command.summary);
  }
  return fmt::format(
      R"(trainer learns deep two-tower retrieval models on many processes at once. A query tower and a
candidate tower turn users and items into vectors whose dot product ranks the whole catalogue. Any
number of processes (ranks) gives the same result, bit for bit, up to the number of lanes.

Usage:
  trainer [COMMAND] [OPTIONS]                on one rank
  mpirun -n 8 trainer [COMMAND] [OPTIONS]    on eight ranks

Commands:
{}
Without a command, trainer runs {}. `trainer COMMAND --help` lists the options of a command,
`trainer COMMAND --help OPTION` explains one of them.
  --help      this text
  --version   versions of trainer and of its libraries, and the instruction set in use

Examples:
  mpirun -n 8 trainer
      train on the built-in synthetic data
  mpirun -n 8 trainer train --data data/ml-100k --layers 64,32
      train on MovieLens 100K with two dense layers in each tower
  mpirun -n 3 trainer train --resume auto
      go on from the newest checkpoint, with its data and settings, on three ranks

{}
Where to go on: README.md tells how to get data, start jobs on a cluster and read checkpoints.
)",
      listed, commands().front().name, exit_code_help());
}

std::string exit_code_help() {
  using base::ExitCode;
  static const std::vector<std::pair<ExitCode, std::string>> table = {
      {ExitCode::success, "success"},
      {ExitCode::internal, "a bug, or a failure of MPI or of the machine"},
      {ExitCode::usage, "an option, or a combination of options, that cannot be"},
      {ExitCode::data, "the data set is missing, malformed or empty"},
      {ExitCode::checkpoint, "a checkpoint is unreadable, damaged, of another model, or cannot be written"},
      {ExitCode::diverged, "the loss became infinite or not a number"},
      {ExitCode::interrupted, "stopped by a signal after writing a checkpoint; go on with --resume auto"},
  };
  std::string text = "Exit codes:\n";
  for (const auto& [code, meaning] : table) {
    fmt::format_to(std::back_inserter(text), "  {}   {}\n", static_cast<int>(code), meaning);
  }
  return text;
}

std::optional<std::string> help_asked_for(std::span<const std::string> arguments) {
  const std::optional<std::string> topic = topic_of(arguments);
  if (topic) refuse_stray_words(arguments);
  return topic;
}

std::string help_text(const std::string& option, const options::OptionTable& table, const std::string& all) {
  if (option.empty()) return all;
  try {
    return table.help_of(option);
  } catch (const base::UsageError& error) {
    throw mpi::AgreedError(error.code(), error.what());
  }
}

}  // namespace gemel::cli
