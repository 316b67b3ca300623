#pragma once

#include "gemel/data.hpp"
#include "ingest/dataset.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Leaves the interactions that options.filters say, one filter after the other in their order there. Each says what it leaves. The data
/// set is then as if it had come so, and the same for any number of ranks; of the catalogue only --k-core takes items.
///
/// Throws AgreedError: usage for columns that are not there, and for a k-core of data that comes split; data where nothing is left.
/// Collective.
void apply_filters(const DataOptions& options, Dataset& dataset, mpi::Communicator& communicator);

}  // namespace gemel::ingest
