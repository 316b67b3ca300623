#pragma once

#include <cstdint>
#include <vector>

#include "ingest/dataset.hpp"
#include "ingest/vocabulary.hpp"
#include "mpi/communicator.hpp"

namespace gemel::serving {

/// The row, in a model's catalogue of C items, of every item of a data set, by their ids. Items that it lacks have the numbers from C on,
/// each another one, in the order of the data. The same on every rank, which has its block of the ids. Collective.
std::vector<std::int32_t> match_items(const ingest::VocabularyBlock& model_ids,
                                      const ingest::Dataset& dataset, mpi::Communicator& communicator);

}  // namespace gemel::serving
