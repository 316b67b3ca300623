#include "checkpoint/run_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <regex>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "base/file_calls.hpp"
#include "base/quiet_thread.hpp"
#include "checkpoint/durable_file.hpp"

namespace gemel::checkpoint {
namespace {

namespace fs = std::filesystem;
using base::file_calls;
using std::chrono::nanoseconds;

struct Marker {
  std::string text;
  nanoseconds touched{};  // by the clock of the file system

  /// Nobody, while it is being written.
  std::optional<RunOwner> owner() const { return RunOwner::parse(text); }
};

nanoseconds modified(const struct stat& status) {
  return std::chrono::seconds(status.st_mtim.tv_sec) + nanoseconds(status.st_mtim.tv_nsec);
}

/// Nothing when there is none, or what is there is no file or cannot be read. It is opened anew each time, because a network file system
/// asks its server for the time of a file then, and else may tell one that is a minute old.
std::optional<Marker> read_marker(const fs::path& path) {
  const int descriptor = file_calls().open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
  if (descriptor < 0) return {};
  char text[4096];
  const ssize_t size = file_calls().pread(descriptor, text, sizeof(text), 0);
  struct stat status {};
  const bool is_known = file_calls().fstat(descriptor, &status) == 0;
  file_calls().close(descriptor);
  if (size < 0 || !is_known || !S_ISREG(status.st_mode)) return {};
  return Marker{std::string(text, static_cast<std::size_t>(size)), modified(status)};
}

/// Throws when something is at `path` that is no marker or cannot be read: nobody can tell whose it is.
void require_marker_or_nothing(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  const bool is_hidden = ::access(path.c_str(), R_OK) != 0 && errno == EACCES;
  if (S_ISREG(status.st_mode) && !is_hidden) return;  // it has just been made, or is gone by now
  throw base::CheckpointError(fmt::format(
      "{}: {}, so it is not known whether this run is under way; remove it if no process computes the run, "
      "or start another run, without --resume or with another --checkpoint-dir",
      path.string(),
      S_ISREG(status.st_mode) ? "this marker cannot be read" : "this is no file, as markers are"));
}

/// "process 7 on host hal", as far as it is known.
std::string describe(const RunOwner& owner) {
  return owner.process > 0 ? fmt::format("process {} on host {}", owner.process, owner.host)
                           : std::string("another process");
}

/// Returns false when there is one already. The system lets one of all who try make it.
bool make_marker(const fs::path& path, const std::string& text) {
  const int descriptor = file_calls().open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY, 0666);
  if (descriptor < 0 && errno == EEXIST) return false;
  if (descriptor >= 0) {
    const ssize_t written = file_calls().pwrite(descriptor, text.data(), text.size(), 0);
    const int error = errno;
    file_calls().close(descriptor);
    if (written == static_cast<ssize_t>(text.size())) return true;
    file_calls().unlink(path.c_str());
    errno = error;
  }
  throw base::CheckpointError(fmt::format("cannot mark a run as under way with {}: {}", path.string(),
                                          std::generic_category().message(errno)));
}

/// What time it is for the file system of a directory: machines' clocks differ. Our own where nothing can be written there.
nanoseconds time_in(const fs::path& directory) {
  const fs::path trial = directory / fmt::format(".gemel-clock-{}", process_name());
  file_calls().unlink(trial.c_str());
  const int descriptor = file_calls().open(trial.c_str(), O_CREAT | O_EXCL | O_WRONLY, 0666);
  struct stat status {};
  const bool is_known = descriptor >= 0 && file_calls().fstat(descriptor, &status) == 0;
  if (descriptor >= 0) file_calls().close(descriptor);
  file_calls().unlink(trial.c_str());
  return is_known ? modified(status) : std::chrono::system_clock::now().time_since_epoch();
}

/// Removes the marker of a dead run. Others may be about to do the same, and one of them may have put its own marker there since we
/// looked. So a marker is removed only under a lock of that very file, by whoever still finds it at its place: as long as the lock is
/// held nobody else removes it, and while it is there nobody makes another. (Where the file system has no locks, two may take one run
/// over; RunLock::require_held finds that out before anything is written.)
void remove_marker(const fs::path& path, const Marker& dead) {
  const int descriptor = file_calls().open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0);
  if (descriptor < 0) {
    if (errno != ENOENT) file_calls().unlink(path.c_str());  // of another user, in a directory that is ours
    return;
  }
  ::flock(descriptor, LOCK_EX);
  struct stat locked {};
  struct stat present {};
  const bool is_present = ::fstat(descriptor, &locked) == 0 && ::lstat(path.c_str(), &present) == 0 &&
                          locked.st_ino == present.st_ino && locked.st_dev == present.st_dev;
  const auto marker = read_marker(path);
  if (is_present && marker && marker->text == dead.text) file_calls().unlink(path.c_str());
  file_calls().close(descriptor);  // and with it the lock
}

enum class Life { dead, alive, unknown };

Life life_of(const fs::path& directory, const Marker& marker, const LockTimes& times) {
  const auto owner = marker.owner();
  if (owner && owner->is_in_sight()) return owner->is_alive() ? Life::alive : Life::dead;
  return time_in(directory) - marker.touched >= times.silence ? Life::dead : Life::unknown;
}

/// Waits until the marker of somebody who cannot be asked for changes, is gone, or has been silent for long enough: by its date or,
/// where that lies in the future, by our own clock.
Life watch(const fs::path& path, const Marker& marker, const LockTimes& times) {
  spdlog::info("{}: waiting up to {:.0f} s for a sign that this run lives", path.string(),
               std::chrono::duration<double>(times.silence).count());
  const auto nap = std::min<std::chrono::milliseconds>(times.silence / 60, std::chrono::seconds(1));
  const auto start = std::chrono::steady_clock::now();
  for (;;) {
    std::this_thread::sleep_for(nap);
    const auto now = read_marker(path);
    if (!now) return Life::dead;
    if (now->touched != marker.touched || now->text != marker.text) return Life::alive;
    if (std::chrono::steady_clock::now() - start >= times.silence) return Life::dead;
    if (time_in(path.parent_path()) - marker.touched >= times.silence) return Life::dead;
  }
}

}  // namespace

std::string lock_name(std::int64_t run) {
  return fmt::format("run-{:03}.lock", run);
}

std::vector<std::int64_t> locked_runs(const fs::path& directory) {
  static const std::regex pattern("run-([0-9]{3,18})\\.lock");
  std::vector<std::int64_t> runs;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    std::smatch match;
    if (std::regex_match(name, match, pattern)) runs.push_back(std::stoll(match[1]));
  }
  std::ranges::sort(runs);
  return runs;
}

std::unique_ptr<RunLock> RunLock::claim(const fs::path& directory, std::int64_t run, const LockTimes& times) {
  const fs::path path = directory / lock_name(run);
  if (!make_marker(path, RunOwner::self().text())) return nullptr;
  return std::unique_ptr<RunLock>(new RunLock(path, times));
}

RunLock::RunLock(fs::path path, const LockTimes& times)
    : path_(std::move(path)), text_(RunOwner::self().text()) {
  refreshing_ = base::quiet_thread(
      [this, every = times.refresh](const std::stop_token& stop) { refresh(stop, every); });
}

RunLock::~RunLock() {
  refreshing_ = {};  // stops and joins
  if (is_held()) file_calls().unlink(path_.c_str());
}

bool RunLock::is_held() const {
  const auto marker = read_marker(path_);
  return marker && marker->text == text_;
}

void RunLock::require_held() const {
  if (is_held() || make_marker(path_, text_)) return;  // somebody may have tidied it away
  const auto marker = read_marker(path_);
  const auto other = marker ? marker->owner() : std::nullopt;
  throw base::CheckpointError(fmt::format(
      "{}: {} has taken this run over while it stood still, so it writes no checkpoints any more; leave the "
      "run to it, or start another one with another --checkpoint-dir",
      path_.string(), describe(other.value_or(RunOwner()))));
}

void RunLock::refresh(const std::stop_token& stop, std::chrono::milliseconds every) const {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (!wake.wait_for(lock, stop, every, [&] { return stop.stop_requested(); })) {
    if (is_held()) ::utimensat(AT_FDCWD, path_.c_str(), nullptr, 0);  // to the file system's own time
  }
}

std::optional<RunOwner> owner_of(const fs::path& directory, std::int64_t run, const LockTimes& times) {
  const fs::path path = directory / lock_name(run);
  const auto marker = read_marker(path);
  if (!marker) {
    require_marker_or_nothing(path);
    return {};
  }
  Life life = life_of(directory, *marker, times);
  if (life == Life::unknown) life = watch(path, *marker, times);
  if (life == Life::alive) {
    const auto now = read_marker(path);  // it may have been completed, or have another owner
    return (now ? now->owner() : marker->owner()).value_or(RunOwner());
  }
  remove_marker(path, *marker);
  return {};
}

base::CheckpointError lives(const fs::path& directory, std::int64_t run, const RunOwner& owner) {
  return base::CheckpointError(
      fmt::format("run {} in {} is under way: {} computes it ({}). Wait until it has ended, or start "
                  "another run, without --resume or with another --checkpoint-dir",
                  run, directory.string(), describe(owner), lock_name(run)));
}

void remove_dead_locks(const fs::path& directory, const LockTimes& times) {
  for (const std::int64_t run : locked_runs(directory)) {
    const fs::path path = directory / lock_name(run);
    const auto marker = read_marker(path);
    if (marker && life_of(directory, *marker, times) == Life::dead) remove_marker(path, *marker);
  }
}

}  // namespace gemel::checkpoint
