#pragma once

#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "gemel/mpi/communicator.hpp"

namespace gemel::cli {

/// What the user can ask the program to do: `trainer NAME ...`.
struct Command {
  std::string name;
  std::string summary;  ///< one line for the help
  /// Runs the command with the arguments after its name; `out` is for root's output. Returns the exit code.
  /// Collective.
  int (*run)(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out);
};

/// All commands. A new one is a row here and a file of its own. The first is the one that runs when none is
/// named.
const std::vector<Command>& commands();

/// Runs what the arguments of the program (without its name) ask for. What all ranks know of is thrown as
/// AgreedError by all of them, and so need be reported only once; any other exception is this rank's own.
/// Collective.
int run(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out);

/// "trainer 0.1.0 (gemel), Open MPI v4.1.4".
std::string version_text();

/// `trainer --help`.
std::string program_help();

/// The table of exit codes, for the help.
std::string exit_code_help();

/// True when --help or -h is among the arguments.
bool asks_for_help(std::span<const std::string> arguments);

}  // namespace gemel::cli
