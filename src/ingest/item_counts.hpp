#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// How often each row of a catalogue of `total` items is among the items of all ranks: [total]. Collective.
std::vector<std::int64_t> count_items(std::span<const std::int32_t> items, std::int64_t total,
                                      mpi::Communicator& communicator);

}  // namespace gemel::ingest
