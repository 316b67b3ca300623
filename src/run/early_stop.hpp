#pragma once

#include <string>
#include <string_view>

#include "mpi/communicator.hpp"

namespace gemel::run {

/// Throws AgreedError (interrupted) on every rank when a signal has asked any of them to stop: before the first step, when there is
/// nothing to save. `doing`: "while reading the data". Collective.
void end_if_asked_to_stop(mpi::Communicator& communicator, std::string_view doing);

/// The name of the signal that has asked a rank to stop, of the lowest such one. Collective.
std::string name_of_stop(mpi::Communicator& communicator);

}  // namespace gemel::run
