#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/thread_team.hpp"
#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_store.hpp"
#include "gemel/options.hpp"
#include "ingest/training_data.hpp"
#include "learning/optimizer.hpp"
#include "model/two_tower.hpp"
#include "mpi/communicator.hpp"
#include "onednn/runtime.hpp"
#include "step/training_state.hpp"

namespace gemel::run {

/// What a checkpoint of a run is made of.
struct CheckpointedParts {
  const base::ThreadTeam& team;
  onednn::Runtime& runtime;
  const ingest::TrainingData& data;
  model::TwoTower& model;
  learning::Optimizer& optimizer;
};

/// The checkpoints of a run: the one that it goes on from, and those that it writes. All members are collective; what goes wrong is
/// thrown by all ranks as AgreedError (checkpoint).
class RunCheckpoints {
 public:
  /// Finds the place for new checkpoints, and opens the one to resume from if the options ask for it. The references must outlive
  /// the object.
  RunCheckpoints(const TrainingOptions& options, mpi::Communicator& communicator);

  /// Compares the settings again once the data has settled them all.
  void check_settings();

  /// The run that is resumed; null for a fresh one.
  const ingest::EarlierRun* earlier() const { return earlier_ ? &*earlier_ : nullptr; }

  /// Loads model and optimiser from the checkpoint to resume from and returns the state of training; nothing for a fresh run. Where
  /// the data is not that of the checkpoint, or a vocabulary grows, an epoch that was under way begins anew. Then, and where other
  /// items are left out of the rankings, what was measured before is not compared with what comes.
  std::optional<step::TrainingState> load(const CheckpointedParts& parts);

  /// Writes a checkpoint and removes those that are no longer to be kept; that of step `best` is. Returns its size in bytes. Where
  /// the training has diverged it throws AgreedError (diverged) instead, and leaves all files as they are.
  std::int64_t save(const CheckpointedParts& parts, const step::TrainingState& state,
                    std::optional<std::int64_t> best);

  /// Loads model and optimiser from a checkpoint of this run. Where that is not sound, or its tables are not the model's, it warns,
  /// leaves them as they are and returns false.
  bool restore(const std::filesystem::path& path, const CheckpointedParts& parts);

  /// The checkpoint of this run at a step, also one from before it was resumed; empty when there is none.
  std::filesystem::path find(std::int64_t step) const;

  /// The checkpoint that was resumed from, or empty.
  const std::filesystem::path& resumed_from() const { return resumed_from_; }
  /// The newest checkpoint of this run, which may be the one resumed from; empty when there is none.
  const std::filesystem::path& last() const { return last_; }

 private:
  void open(const std::filesystem::path& path);
  /// Throws AgreedError (diverged) when a checkpoint would hold values that are none. `vectors` are those of the catalogue's block.
  void require_finite(const CheckpointedParts& parts, const tensor::Matrix& vectors, std::int64_t step);

  const TrainingOptions& options_;
  mpi::Communicator& communicator_;
  std::optional<checkpoint::CheckpointStore> store_;
  std::optional<checkpoint::CheckpointReader>
      reader_;                  // of the checkpoint to resume from, until it is loaded
  std::string saved_settings_;  // of that checkpoint
  std::optional<ingest::EarlierRun> earlier_;
  std::filesystem::path resumed_from_;
  std::filesystem::path last_;
};

}  // namespace gemel::run
