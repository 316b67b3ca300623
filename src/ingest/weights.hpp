#pragma once

#include <string>
#include <vector>

#include "ingest/dataset.hpp"
#include "ingest/split.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// The weights of this rank's interactions, which a column has. Throws AgreedError (usage) when there is no such column of numbers, and
/// (data) when training examples have weights that are none, or no weight at all. Collective.
std::vector<float> read_weights(const std::string& column, const Dataset& dataset, const Split& split,
                                mpi::Communicator& communicator);

}  // namespace gemel::ingest
