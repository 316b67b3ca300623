#pragma once

#include <string>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "ingest/vocabulary.hpp"

namespace gemel::ingest {

/// Writes the strings of a vocabulary, or of another list that is spread over the ranks in blocks, as dataset `path` [rows] of a
/// checkpoint. Collective.
void write_vocabulary(checkpoint::CheckpointWriter& writer, const std::string& path,
                      const VocabularyBlock& block);

/// This rank's block of it. Collective.
VocabularyBlock read_vocabulary(checkpoint::CheckpointReader& reader, const std::string& path);

}  // namespace gemel::ingest
