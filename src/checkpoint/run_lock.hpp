#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "checkpoint/run_owner.hpp"

namespace gemel::checkpoint {

/// What tells a run that lives on another machine, where nobody can be asked for it, from a dead one. Replaced in tests.
struct LockTimes {
  /// A run touches its marker so often.
  std::chrono::milliseconds refresh = std::chrono::seconds(10);
  /// A marker that was not touched for so long is that of a dead run.
  std::chrono::milliseconds silence = std::chrono::seconds(60);
};

/// The mark of a run that lives: the file run-001.lock beside its checkpoints, which says whose it is. Whoever has it may write
/// checkpoints of that number; the destructor removes it. Nothing here is collective; errors are CheckpointErrors.
class RunLock {
 public:
  /// Makes the marker of `run`, which is there once however many try at once. Null when it is there already, be its owner dead or alive.
  static std::unique_ptr<RunLock> claim(const std::filesystem::path& directory, std::int64_t run,
                                        const LockTimes& times = {});
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

  /// Throws when another run has taken the number over, which can befall one that has stood still for longer than LockTimes::silence.
  void require_held() const;

 private:
  RunLock(std::filesystem::path path, const LockTimes& times);
  bool is_held() const;
  /// Touches the marker now and then, until it is told to stop.
  void refresh(const std::stop_token& stop, std::chrono::milliseconds every) const;

  std::filesystem::path path_;
  std::string text_;
  std::jthread refreshing_;
};

/// "run-001.lock".
std::string lock_name(std::int64_t run);
/// The runs in a directory that have a marker, ascending. Throws filesystem_error.
std::vector<std::int64_t> locked_runs(const std::filesystem::path& directory);

/// Who computes `run`, without a process where that is not known; nothing when nobody does: then the marker, if there was one, is gone.
/// For a sign of life of a process that cannot be asked for it waits, up to LockTimes::silence. Throws when what is there is no marker.
std::optional<RunOwner> owner_of(const std::filesystem::path& directory, std::int64_t run,
                                 const LockTimes& times = {});

/// What to tell a user who wants to go on with a run that lives.
base::CheckpointError lives(const std::filesystem::path& directory, std::int64_t run, const RunOwner& owner);

/// Removes the markers of runs that are known to be dead. Does not wait.
void remove_dead_locks(const std::filesystem::path& directory, const LockTimes& times = {});

}  // namespace gemel::checkpoint
