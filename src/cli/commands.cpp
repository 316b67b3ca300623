#include "cli/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <iterator>
#include <utility>

#include "base/error.hpp"
#include "base/instruction_level.hpp"
#include "cli/command_list.hpp"
#include "gemel/version.hpp"
#include "hdf5/library.hpp"
#include "mpi/agreement.hpp"
#include "mpi/environment.hpp"
#include "mpi/lone_failure.hpp"
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
  static const std::vector<Command> all = [] {
    std::vector<Command> made;
    for (CommandMaker* make : command_makers) made.push_back(make());
    return made;
  }();
  return all;
}

bool trains(std::span<const std::string> arguments) {
  if (arguments.empty()) return true;
  const std::string& first = arguments.front();
  if (first == "--version" || first == "--help" || first == "-h") return false;
  return first.starts_with("-") || first == train_command().name;
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

int run_and_tell(std::span<const std::string> arguments, mpi::Communicator& world) {
  int exit_code = 0;
  try {
    exit_code = run(arguments, world, std::cout);
    std::cout.flush();
  } catch (const mpi::AgreedError& error) {
    std::cout.flush();
    if (world.is_root()) fmt::print(stderr, "trainer: error: {}\n", error.what());
    exit_code = static_cast<int>(error.code());
  } catch (...) {
    mpi::end_job(world.rank(), std::current_exception());
  }
  std::fflush(stderr);
  return exit_code;
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

}  // namespace gemel::cli
