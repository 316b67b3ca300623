#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ingest/columns.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Which of this rank's interactions are among the `count` earliest of all ranks, by (timestamp, place in the data). Each rank
/// has a block of the interactions, in rank order. Collective.
std::vector<bool> earliest(std::span<const std::int64_t> timestamps, std::int64_t count,
                           mpi::Communicator& communicator);

/// The last interactions of a user, by their place among those of all ranks; -1 where the user has none. (The last of one
/// interaction is it.)
struct LastInteractions {
  std::int64_t count = 0;  ///< of the user
  std::int64_t last = -1;
  std::int64_t before_last = -1;
};

/// Of the user of each of this rank's interactions: its last interactions on all ranks, by (timestamp, place in the data), or by
/// the place alone when there are no timestamps. `first` is the place of this rank's first interaction. What travels is one
/// record for each user that a rank has, to the rank that owns the user's hash and back. Collective.
std::vector<LastInteractions> last_interactions(const TextColumn& users,
                                                std::span<const std::int64_t> timestamps, std::int64_t first,
                                                mpi::Communicator& communicator);

}  // namespace gemel::ingest
