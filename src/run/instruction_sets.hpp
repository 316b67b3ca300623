#pragma once

#include <string>

#include "mpi/communicator.hpp"

namespace gemel::run {

/// What the bits of a result depend on here: oneDNN's version, the instruction set that it uses, and the level that our own loops use.
std::string instruction_set();

/// Throws AgreedError (usage) on all ranks when they do not all compute with the same instruction set: their copies of the parameters
/// would drift apart. Collective.
void require_one_instruction_set(mpi::Communicator& communicator);

}  // namespace gemel::run
