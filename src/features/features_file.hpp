#pragma once

#include <string>
#include <vector>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "features/feature.hpp"

namespace gemel::features {

/// Writes /<tower>/features (JSON: declarations, boundaries, means) and /<tower>/vocabulary/<feature> of a checkpoint. Collective.
void write_features(checkpoint::CheckpointWriter& writer, const std::string& tower,
                    const std::vector<FittedFeature>& features);

/// The features of a tower ("query" or "candidate") as they were fitted when the checkpoint was written, with this rank's block of
/// their vocabularies. Throws AgreedError (checkpoint) for a description that is none. Collective.
std::vector<FittedFeature> read_features(checkpoint::CheckpointReader& reader, const std::string& tower);

}  // namespace gemel::features
