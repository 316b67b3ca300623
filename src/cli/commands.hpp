#pragma once

#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "mpi/communicator.hpp"

namespace gemel::cli {

/// Those of command_list.hpp.
const std::vector<Command>& commands();

/// Whether the arguments of the program ask for a training, as far as can be told before they are read: then signals ask for a
/// checkpoint, instead of ending the process.
bool trains(std::span<const std::string> arguments);

/// Runs what the arguments of the program (without its name) ask for. What all ranks know of is thrown as
/// AgreedError by all of them, and so need be reported only once; any other exception is this rank's own.
/// Collective.
int run(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out);

/// The same for a main(): what is thrown is told on standard error, once, and its exit code is returned; an exception of this rank alone
/// ends the job.
int run_and_tell(std::span<const std::string> arguments, mpi::Communicator& world);

/// "trainer 0.1.0 (gemel), Open MPI v4.1.4", then a line each for the commit, the libraries and the instruction set in use.
std::string version_text();

/// `trainer --help`.
std::string program_help();

}  // namespace gemel::cli
