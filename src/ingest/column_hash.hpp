#pragma once

#include <cstdint>
#include <string>

#include "ingest/dataset.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Adds a column of interactions to the hash of the data's content. `mine` is the hash of what this rank has read of it: the ranks'
/// are added up. Collective.
void add_column_hash(const std::string& name, std::uint64_t mine, Dataset& dataset,
                     mpi::Communicator& communicator);

}  // namespace gemel::ingest
