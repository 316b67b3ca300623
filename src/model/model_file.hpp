#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "model/two_tower.hpp"
#include "mpi/communicator.hpp"

namespace gemel::model {

/// Writes features and weights of both towers: /query and /candidate of a checkpoint, but for what an optimiser keeps there.
/// Collective.
void write_model(checkpoint::CheckpointWriter& writer, const TwoTower& model);

/// How many rows data has added to the table of each feature that has one since its vocabulary was stored, in the order of
/// TwoTower::tables().
std::vector<std::int64_t> rows_added(const TwoTower& model);

/// Reads all of a checkpoint. Throws AgreedError (checkpoint) when it is damaged, or was written by a training that had diverged.
/// Collective.
void verify_checkpoint(checkpoint::CheckpointReader& reader);

/// The checkpoint at `path`, or where that is a directory, its newest sound one. Throws AgreedError (checkpoint) when there is none.
/// Collective.
std::unique_ptr<checkpoint::CheckpointReader> open_checkpoint(const std::filesystem::path& path,
                                                              mpi::Communicator& communicator);

}  // namespace gemel::model
