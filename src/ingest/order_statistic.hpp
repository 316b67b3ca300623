#pragma once

#include <cstdint>
#include <span>

#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// The least value v so that `count` numbers of all ranks are at most v. `sorted` are this rank's, ascending. Needs 1 <= count <= how
/// many all ranks have. About 64 sums over ranks. Collective.
std::int64_t kth_smallest(std::span<const std::int64_t> sorted, std::int64_t count,
                          mpi::Communicator& communicator);

/// The same of numbers in any order. A few looks at each, and as many sums of 2^16 counts over ranks. Collective.
std::int64_t select_kth(std::span<const std::int64_t> values, std::int64_t count,
                        mpi::Communicator& communicator);

}  // namespace gemel::ingest
