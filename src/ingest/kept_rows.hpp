#pragma once

#include <vector>

#include "ingest/dataset.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Leaves those of this rank's interactions that are kept[own], in their order; the catalogue stays. The content hash then tells which
/// they are, and is the same if all are. Collective.
void keep_interactions(Dataset& dataset, const std::vector<bool>& kept, mpi::Communicator& communicator);

/// Leaves the items of the catalogue that are kept[row], in their order, which every rank has alike: [catalogue_total]. No interaction may
/// be of another one. Collective.
void keep_items(Dataset& dataset, const std::vector<bool>& kept, mpi::Communicator& communicator);

}  // namespace gemel::ingest
