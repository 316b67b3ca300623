#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/run_lock.hpp"
#include "mpi/communicator.hpp"

namespace gemel::checkpoint {

/// Reads a checkpoint to the end. Throws AgreedError (checkpoint) when it is not sound. Collective.
using Verify = std::function<void(CheckpointReader&)>;

/// The checkpoint to go on from in a directory: of the highest run number the highest step whose file is sound, which is
/// complete and as `verify` wants it. Logs a warning for each newer one that is not. Nothing if the directory
/// holds no checkpoints, or is not there; nothing is written to it.
///
/// Throws AgreedError (checkpoint) rather than stepping back further than is safe: when none of the checkpoints is sound, with what is
/// wrong with each; when one cannot be opened, so that nobody knows; when the run that would be gone on with, or a later one, lives.
/// Collective.
std::optional<std::filesystem::path> newest_sound(const std::filesystem::path& directory,
                                                  mpi::Communicator& communicator, const Verify& verify,
                                                  const LockTimes& times = {});

}  // namespace gemel::checkpoint
