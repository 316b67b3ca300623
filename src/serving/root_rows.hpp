#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "ingest/vocabulary.hpp"
#include "model/embedding_table.hpp"
#include "mpi/communicator.hpp"

namespace gemel::serving {

// What is spread over the ranks, on root.

/// Copies the values of `owner`, which alone has any, to `values` on root, which has room for just these. Collective.
void values_to_root(std::span<const float> mine, int owner, std::span<float> values,
                    mpi::Communicator& communicator);

/// All rows of a table, as the bytes of floats [rows, dim], on root; elsewhere nothing. Root needs memory for them. Collective.
std::string table_bytes_on_root(const model::EmbeddingTable& table, mpi::Communicator& communicator);

/// The strings of all rows of a vocabulary on root; elsewhere none. Root needs memory for them. Collective.
ingest::StringColumn vocabulary_on_root(const ingest::VocabularyBlock& mine, mpi::Communicator& communicator);

}  // namespace gemel::serving
