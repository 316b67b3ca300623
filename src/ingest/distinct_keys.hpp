#pragma once

#include <cstdint>
#include <vector>

#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Of all ranks' keys, which are spread evenly over 64 bits, the distinct ones that this rank owns by owner_of_hash(), ascending.
/// What travels are 8 bytes for each distinct key of a rank. Collective.
std::vector<std::uint64_t> gather_owned_keys(std::vector<std::uint64_t> keys,
                                             mpi::Communicator& communicator);

}  // namespace gemel::ingest
