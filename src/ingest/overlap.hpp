#pragma once

#include "ingest/dataset.hpp"
#include "ingest/part.hpp"
#include "ingest/part_overlap.hpp"
#include "ingest/split.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Compares a part of the interactions with the training part. What travels are 8 bytes for each distinct user, item and pair of a
/// rank. Collective.
PartOverlap compare_with_training(const Dataset& dataset, const Split& split, Part part,
                                  mpi::Communicator& communicator);

/// Keeps a split with the data that it is of. Collective.
void store_split(const SplitSettings& settings, const Split& split, Dataset& dataset,
                 mpi::Communicator& communicator);

/// The same, or what is stored with the split. Collective.
PartOverlap overlap_with_training(const Dataset& dataset, const Split& split, Part part,
                                  mpi::Communicator& communicator);

}  // namespace gemel::ingest
