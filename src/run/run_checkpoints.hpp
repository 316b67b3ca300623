#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/background_write.hpp"
#include "checkpoint/checkpoint_store.hpp"
#include "checkpoint/snapshot_memory.hpp"
#include "gemel/options.hpp"
#include "ingest/training_data.hpp"
#include "mpi/communicator.hpp"
#include "run/checkpoint_file.hpp"
#include "run/earlier_checkpoint.hpp"
#include "step/learner.hpp"
#include "step/training_state.hpp"
#include "tensor/matrix.hpp"

namespace gemel::run {

struct WrittenCheckpoint {
  std::filesystem::path path;
  std::int64_t epoch = 0;
  std::int64_t step = 0;
  std::uint64_t bytes = 0;  ///< on root
};

/// The checkpoints of a run: the one that it goes on from, and those that it writes. All members are collective; what goes wrong is
/// thrown by all ranks as AgreedError (checkpoint).
class RunCheckpoints {
 public:
  /// Finds the place for new checkpoints, and opens the one to resume from if the options ask for it; unless that was done before, for
  /// ranks of which those of `communicator` are some: `earlier`. The references must outlive the object.
  RunCheckpoints(const TrainingOptions& options, mpi::Communicator& communicator,
                 std::unique_ptr<EarlierCheckpoint> earlier = nullptr);

  /// Compares the settings again once the data has settled them all.
  void check_settings();

  /// The run that is resumed, until it is loaded; null for a fresh one.
  const ingest::EarlierRun* earlier() const { return earlier_run_ ? &*earlier_run_ : nullptr; }

  /// Loads model and optimiser from the checkpoint to resume from and returns the state of training; nothing for a fresh run. Where
  /// the data is not that of the checkpoint, or a vocabulary grows, an epoch that was under way begins anew. Then, and where other
  /// items are left out of the rankings, what was measured before is not compared with what comes.
  std::optional<step::TrainingState> load(step::Learner& learner, const ingest::TrainingData& data);

  /// Begins to write a checkpoint, from a copy, so that training can go on; none may be under way. With CheckpointOptions::wait it writes
  /// all of it. What is no longer to be kept goes when it is written; that of step `best` stays. Where the training has diverged it throws
  /// AgreedError (diverged) instead, and leaves all files as they are.
  void save(step::Learner& learner, const ingest::TrainingData& data, const step::TrainingState& state,
            std::optional<std::int64_t> best);

  /// Whether a checkpoint is under way: begun, and not reported as written. The same on all ranks.
  bool is_writing() const { return writing_.has_value(); }
  /// Whether this rank is not done with its part yet. Not collective.
  bool is_busy() const { return writing_ && writing_->background && writing_->background->is_busy(); }
  /// Where a checkpoint is under way and no rank is busy: on to what comes next. Tells of the checkpoint when all of it is written.
  std::optional<WrittenCheckpoint> go_on();
  /// Waits for a checkpoint that is under way, if one is.
  std::optional<WrittenCheckpoint> finish();

  /// Loads model and optimiser from a checkpoint of this run. Where that is not sound, or its tables are not the model's, it warns,
  /// leaves them as they are and returns false.
  bool restore(const std::filesystem::path& path, step::Learner& learner);

  /// The checkpoint of this run at a step, also one from before it was resumed; empty when there is none.
  std::filesystem::path find(std::int64_t step) const;

  /// The checkpoint that was resumed from, or empty.
  const std::filesystem::path& resumed_from() const { return resumed_from_; }
  /// The newest checkpoint of this run, which may be the one resumed from; empty when there is none.
  const std::filesystem::path& last() const { return last_; }

 private:
  void begin_from_earlier();
  /// Says in what way the run goes on with other data or features than those of the earlier one, if it does: whether it does.
  bool report_changes(const model::TwoTower& model, const ingest::DataIdentity& given) const;
  /// Of the new run with those of the earlier one: returns warnings.
  std::vector<std::string> compare_settings();
  /// Throws AgreedError (diverged) when a checkpoint would hold values that are none. `vectors` are those of the catalogue's block.
  void require_finite(const step::Learner& learner, const tensor::Matrix& vectors, std::int64_t step);

  RunIdentity identity(const ingest::TrainingData& data) const;
  WrittenCheckpoint end_writing();

  struct Writing {
    WrittenCheckpoint checkpoint;
    std::optional<std::int64_t> best;
    std::unique_ptr<checkpoint::BackgroundWrite> background;  // null where all is written already
  };

  const TrainingOptions& options_;
  mpi::Communicator& communicator_;
  std::unique_ptr<EarlierCheckpoint> earlier_;  // null for a fresh run, and once it is loaded
  std::optional<ingest::EarlierRun> earlier_run_;
  std::optional<checkpoint::CheckpointStore> store_;
  std::filesystem::path resumed_from_;
  std::filesystem::path last_;
  checkpoint::SnapshotMemory memory_;
  std::optional<Writing> writing_;
};

}  // namespace gemel::run
