#pragma once

#include "checkpoint/checkpoint_reader.hpp"

namespace gemel::run {

/// That a run can go on from a checkpoint: reads all of it, each block by its checksum, and all that is read of it to go on. Parameters,
/// what the optimiser keeps beside them and averages are finite; sums of squares are not negative; counts are none below 0; parts that
/// belong together are of equal lengths. Whether it fits a given model is another matter. Throws checkpoint::FileError. Collective.
void require_sound(checkpoint::CheckpointReader& reader);

}  // namespace gemel::run
