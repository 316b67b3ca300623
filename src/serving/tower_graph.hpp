#pragma once

#include <string>

#include "model/two_tower.hpp"
#include "mpi/communicator.hpp"

namespace gemel::serving {

/// A tower as a file of ONNX, on root; elsewhere nothing. Its inputs are columns as they are, [batch] of text or whole numbers, under
/// their names; where code makes table rows of a column, these rows: [batch], or [batch, tokens] filled up with -1, under the name of
/// the feature. Its output is `vector` [batch, d], as ours: the last column of biases or ones included. The metadata explains every
/// input. Throws AgreedError: usage for a tower that has no input but biases; output for more than 2 GB. Root needs memory for twice
/// the tables and vocabularies of the tower. Collective.
std::string tower_graph(const model::Tower& tower, const model::DenseParameters& parameters,
                        mpi::Communicator& communicator);

}  // namespace gemel::serving
