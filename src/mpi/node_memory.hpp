#pragma once

#include <string_view>

#include "mpi/communicator.hpp"

namespace gemel::mpi {

/// Bytes of memory that this rank can still take when the ranks of its node take as much each. Collective.
double memory_left(Communicator& communicator);

/// To be called before memory is allocated that grows with the data. Throws AgreedError (usage) on every rank when the ranks of a node
/// are about to take more than it has left, all of them together. `bytes` is what this rank is about to take, `purpose` what for ("the
/// interactions of ratings.csv"), and `remedy` what else helps than more nodes or more memory, as the end of a list ("give a smaller N"). Collective.
void require_memory(double bytes, std::string_view purpose, std::string_view remedy,
                    Communicator& communicator);

}  // namespace gemel::mpi
