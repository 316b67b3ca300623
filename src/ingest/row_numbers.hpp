#pragma once

#include <cstddef>
#include <string_view>

#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// A rank numbers its examples with 32 bits and a sign. Throws AgreedError (usage) on every rank when one has more, with the number of
/// ranks that would do. `what` is what they are: "training examples of an epoch". Collective.
void require_numbers(std::size_t rows_here, std::string_view what, mpi::Communicator& communicator);

}  // namespace gemel::ingest
