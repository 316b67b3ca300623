#pragma once

#include <ostream>
#include <span>
#include <string>

#include "mpi/communicator.hpp"

namespace gemel::cli {

/// `trainer plan`: tells what memory and traffic a job would need. Collective; root writes to `out`.
int plan_command(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out);

/// `trainer plan --help`.
std::string plan_help();

}  // namespace gemel::cli
