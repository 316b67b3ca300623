#pragma once

#include <filesystem>
#include <optional>

#include "gemel/checkpoint/run_lock.hpp"
#include "gemel/mpi/communicator.hpp"

namespace gemel::checkpoint {

/// The checkpoint to go on from in a directory: of the highest run number the highest step whose file is sound, which is complete,
/// undamaged, and without values that are no finite numbers. Logs a warning for each newer one that is not. Nothing if the directory
/// holds no checkpoints, or is not there; nothing is written to it.
///
/// Throws AgreedError (checkpoint) rather than stepping back further than is safe: when none of the checkpoints is sound, with what is
/// wrong with each; when one cannot be opened, so that nobody knows; when the run that would be gone on with, or a later one, lives.
/// Collective.
std::optional<std::filesystem::path> newest_sound(const std::filesystem::path& directory,
                                                  mpi::Communicator& communicator,
                                                  const LockTimes& times = {});

}  // namespace gemel::checkpoint
