#pragma once

#include "ingest/dataset.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Root warns of times that are hardly what they should be: finer than seconds, in the future, before 1990. Collective.
void warn_of_times(const Dataset& dataset, mpi::Communicator& communicator);

}  // namespace gemel::ingest
