#pragma once

#include <cstdint>
#include <vector>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "gemel/metrics.hpp"
#include "step/training_state.hpp"

namespace gemel::step {

/// Writes how far training has come, and /history, of `metrics` at every k of `top_k`: that is what its records have. Collective.
void write_state(checkpoint::CheckpointWriter& writer, const TrainingState& state,
                 const std::vector<MetricKind>& metrics, const std::vector<std::int64_t>& top_k);

/// Of the history it takes the values of `metrics`, which are not numbers where they were not measured. Throws AgreedError
/// (checkpoint) for a history that is none. Collective.
TrainingState read_state(checkpoint::CheckpointReader& reader, const std::vector<Metric>& metrics);

}  // namespace gemel::step
