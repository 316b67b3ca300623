#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "gemel/checkpoint/checkpoint_store.hpp"
#include "gemel/checkpoint/training_state.hpp"
#include "gemel/exchange/lane_team.hpp"
#include "gemel/learning/optimizer.hpp"
#include "gemel/model/two_tower.hpp"
#include "gemel/mpi/communicator.hpp"
#include "gemel/onednn/runtime.hpp"
#include "gemel/training/options.hpp"
#include "gemel/training/training_data.hpp"

namespace gemel::training {

/// What a run's checkpoints are made of. The references must outlive it.
struct CheckpointedParts {
  const TrainingOptions& options;
  mpi::Communicator& communicator;
  const exchange::LaneTeam& team;
  onednn::Runtime& runtime;
  const TrainingData& data;
  model::TwoTower& model;
  learning::Optimizer& optimizer;
};

/// The checkpoints of a run: the one that it goes on from, and those that it writes. All members are collective; what goes wrong is
/// thrown by all ranks as AgreedError (checkpoint).
class RunCheckpoints {
 public:
  explicit RunCheckpoints(const CheckpointedParts& parts) : parts_(parts) {}

  /// Finds the place for new checkpoints, and the one to resume from if the options ask for it: loads model and optimiser from it
  /// and returns its state.
  std::optional<checkpoint::TrainingState> open();

  /// Writes a checkpoint and removes those that are no longer to be kept. Returns its size in bytes.
  std::int64_t save(const checkpoint::TrainingState& state);

  /// The checkpoint that was resumed from, or empty.
  const std::filesystem::path& resumed_from() const { return resumed_from_; }
  /// The newest checkpoint of this run, which may be the one resumed from; empty when there is none.
  const std::filesystem::path& last() const { return last_; }

 private:
  checkpoint::TrainingState load(const std::filesystem::path& path);

  CheckpointedParts parts_;
  std::optional<checkpoint::CheckpointStore> store_;
  std::filesystem::path resumed_from_;
  std::filesystem::path last_;
};

}  // namespace gemel::training
