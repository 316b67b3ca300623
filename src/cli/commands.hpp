#pragma once

#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "mpi/communicator.hpp"
#include "options/option_table.hpp"

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

/// "trainer 0.1.0 (gemel), Open MPI v4.1.4", then a line each for the commit, the libraries and the instruction set in use.
std::string version_text();

/// `trainer --help`.
std::string program_help();

/// The table of exit codes, for the help.
std::string exit_code_help();

/// What the arguments of a command ask help for: the name of an option, "" for all of them, or nothing. --help layers, --help=layers and
/// --help --layers ask for one option; otherwise --help or -h may stand anywhere. Throws AgreedError (usage) when help is asked for and a
/// word belongs to no option.
std::optional<std::string> help_asked_for(std::span<const std::string> arguments);

/// That of one option, or, without a name, `all`. Throws AgreedError (usage) when `table` has no such option: every rank was given the same arguments.
std::string help_text(const std::string& option, const options::OptionTable& table, const std::string& all);

}  // namespace gemel::cli
