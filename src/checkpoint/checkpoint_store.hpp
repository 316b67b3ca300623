#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "checkpoint/checkpoint_name.hpp"
#include "checkpoint/run_lock.hpp"
#include "gemel/options.hpp"
#include "mpi/communicator.hpp"

namespace gemel::checkpoint {

/// The directory of a run's checkpoints. Every run has a number of its own, so nothing is ever overwritten. While the object lives
/// the number is reserved by a marker (RunLock), so that runs which are started at once have different ones.
///
/// Everything is collective, but for the destructor: root looks at the directory and tells the others. Errors are mpi::AgreedError
/// with ExitCode::checkpoint.
class CheckpointStore {
 public:
  /// Creates the directory if need be, proves by a trial file that it can be written, removes what killed runs have left, and reserves
  /// a number. That is the next free one; but a run that was resumed from `resumed` goes on under that file's number, if the file is
  /// the last of its run in this directory. Throws when that run lives. The communicator must outlive the store.
  CheckpointStore(CheckpointOptions options, mpi::Communicator& communicator,
                  const std::filesystem::path& resumed = {}, const LockTimes& times = {});

  /// The number that this run's files have.
  std::int64_t run() const { return run_; }
  /// Where the checkpoint of `step` belongs.
  std::filesystem::path path_for(std::int64_t step) const;

  /// Throws when another run has taken the number over. Call before anything is written under it.
  void require_own() const;

  /// Removes this run's checkpoints except for the newest `keep` and that of step `best`. Call after a commit. A
  /// file that cannot be removed is only warned of.
  void prune(std::optional<std::int64_t> best = {});

  /// Whether there is such a file.
  bool exists(const std::filesystem::path& path) const;

 private:
  /// Runs `action` on root and lets the ranks agree on its outcome.
  void on_root(const std::function<void()>& action) const;
  /// `resumed` is for the message where the directory cannot be written.
  void prepare_directory(const std::filesystem::path& resumed) const;
  /// Half-written files that nobody writes any more. Root only.
  void remove_leftovers(const LockTimes& times) const;
  /// Root only, as are those below.
  void reserve_number(const std::filesystem::path& resumed, const LockTimes& times);
  /// Whether the marker of this run could be made.
  bool take(std::int64_t run, const LockTimes& times);
  /// The run that `resumed` is the last checkpoint of; nothing if it is not, or is elsewhere.
  std::optional<std::int64_t> run_ended_by(const std::filesystem::path& resumed) const;
  /// The number after all that files here have.
  std::int64_t next_number() const;

  CheckpointOptions options_;
  std::filesystem::path directory_;
  mpi::Communicator* communicator_;
  std::int64_t run_ = 1;
  std::unique_ptr<RunLock> lock_;  // on root
};

}  // namespace gemel::checkpoint
