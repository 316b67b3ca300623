#pragma once

#include <string>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "ingest/trained_sample.hpp"

namespace gemel::ingest {

/// A sample of training examples, the same on every rank, as the datasets trained_pairs and trained_interactions of a group such as "/data".
/// Collective.
void write_sample(checkpoint::CheckpointWriter& writer, const std::string& group,
                  const TrainedSample& sample);

/// Throws AgreedError where there is none, or only half of one. Collective.
TrainedSample read_sample(checkpoint::CheckpointReader& reader, const std::string& group);

}  // namespace gemel::ingest
