#pragma once

#include <cstdint>
#include <vector>

#include "ingest/dataset.hpp"
#include "ingest/split.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Training examples of each row of the catalogue, over all ranks: [catalogue_total]. Collective.
std::vector<std::int64_t> count_items(const Dataset& dataset, const Split& split,
                                      mpi::Communicator& communicator);

}  // namespace gemel::ingest
