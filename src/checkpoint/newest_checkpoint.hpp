#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/run_lock.hpp"
#include "mpi/communicator.hpp"

namespace gemel::checkpoint {

/// Reads a checkpoint to the end. Throws AgreedError (checkpoint) when it is not sound. Collective.
using Verify = std::function<void(CheckpointReader&)>;

/// What the newest checkpoint is looked for.
enum class Purpose {
  resume,  ///< a run is to go on from it; no other run may do so
  read,    ///< nothing is written; its run may live
};

/// The newest sound checkpoint of a directory, open: of the highest run number the highest step whose file is complete and as `verify`
/// wants it. Logs a warning for each newer one that is not. Null if the directory holds no checkpoints, or is not there; nothing is
/// written to it.
///
/// Throws AgreedError (checkpoint) rather than stepping back further than is safe: when none of the checkpoints is sound, with what is
/// wrong with each; when one cannot be opened, so that nobody knows; to resume also when the run that would be gone on with, or a
/// later one, lives. The communicator must outlive the reader. Collective.
std::unique_ptr<CheckpointReader> open_newest_sound(const std::filesystem::path& directory,
                                                    mpi::Communicator& communicator, const Verify& verify,
                                                    Purpose purpose, const LockTimes& times = {});

}  // namespace gemel::checkpoint
