#pragma once

#include <cstdint>
#include <string>

#include "gemel/data.hpp"
#include "ingest/dataset.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// "user=5,item=5", of those that are not 0.
std::string k_core_text(const KCore& core);

/// What a k-core has left.
struct KCoreCounts {
  std::int64_t users = 0;  ///< with interactions
  std::int64_t users_before = 0;
  int rounds = 0;  ///< in which something was left out
};

/// Leaves out the users and the items with fewer interactions than `core` says, until all that are left have as many. What is left does
/// not depend on the order. Items with fewer leave the catalogue, if core.item is not 0. A rank has the interactions of the users that it
/// owns, in 12 bytes each, and a number for every item. Collective.
KCoreCounts keep_k_core(const KCore& core, Dataset& dataset, mpi::Communicator& communicator);

}  // namespace gemel::ingest
