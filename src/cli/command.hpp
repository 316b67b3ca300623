#pragma once

#include <optional>
#include <ostream>
#include <span>
#include <string>

#include "base/error.hpp"
#include "mpi/agreement.hpp"
#include "mpi/communicator.hpp"
#include "options/option_table.hpp"

namespace gemel::cli {

/// What the user can ask the program to do: `trainer NAME ...`.
struct Command {
  std::string name;
  std::string summary;  ///< one line for the help
  /// Runs the command with the arguments after its name; `out` is for root's output. Returns the exit code. Throws AgreedError for what
  /// all ranks know of. Collective.
  int (*run)(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out);
};

/// Shows the help that is asked for, if it is, and returns whether it was: --help layers, --help=layers and --help --layers ask for one
/// option of `table`, --help or -h anywhere else for `all`. Throws AgreedError (usage) when help is asked for and a word belongs to no
/// option.
bool shows_help(std::span<const std::string> arguments, const options::OptionTable& table,
                const std::string& all, const mpi::Communicator& communicator, std::ostream& out);

/// What `parse` returns. Its UsageErrors are thrown as AgreedErrors: every rank was given the same arguments.
template <class Parse>
auto parse_alike(const Parse& parse) {
  try {
    return parse();
  } catch (const base::UsageError& error) {
    throw mpi::AgreedError(error.code(), error.what());
  }
}

/// Reads the command line into `table`, then the configuration file that it names (on root, for all): `config` is the field of the
/// row --config. Throws UsageError on all ranks alike, or AgreedError when root cannot read the file. Collective.
void read_given_options(std::span<const std::string> arguments, const std::string& config,
                        options::OptionTable& table, mpi::Communicator& communicator);

/// The table of exit codes, for the help.
std::string exit_code_help();

}  // namespace gemel::cli
