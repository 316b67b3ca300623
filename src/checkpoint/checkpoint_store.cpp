#include "checkpoint/checkpoint_store.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "checkpoint/checkpoint_format.hpp"
#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/durable_file.hpp"
#include "checkpoint/proof.hpp"
#include "checkpoint/run_owner.hpp"
#include "mpi/agreement.hpp"

namespace gemel::checkpoint {
namespace {

namespace fs = std::filesystem;

// What "run-001-step-00000007.h5.tmp-host-123" is of: the run and the writing process.
struct TemporaryName {
  std::int64_t run;
  std::string process;

  static std::optional<TemporaryName> parse(const std::string& file_name) {
    const std::size_t mark = file_name.find(temporary_mark);
    if (mark == std::string::npos) return {};
    const auto checkpoint = CheckpointName::parse(file_name.substr(0, mark));
    if (!checkpoint) return {};
    return TemporaryName{checkpoint->run, file_name.substr(mark + temporary_mark.size())};
  }
};

std::pair<std::string, pid_t> split_process(const std::string& process) {
  const std::size_t dash = process.rfind('-');
  const std::string digits = dash == std::string::npos ? "" : process.substr(dash + 1);
  const bool is_number =
      !digits.empty() && digits.size() < 10 && std::all_of(digits.begin(), digits.end(), ::isdigit);
  return {process.substr(0, dash), is_number ? static_cast<pid_t>(std::stol(digits)) : 0};
}

// Whether nobody writes the file of a run without a marker any more. Its process is on this machine and dead, or is this one, which has
// not begun to write yet. Or the file has not changed for as long as a run may be silent: the process of that number may be another one
// by now, or one in another container; and a run whose marker was tidied away goes on writing.
bool is_abandoned(const fs::path& path, const std::string& process, const LockTimes& times) {
  const auto [host, id] = split_process(process);
  const auto [my_host, my_id] = split_process(process_name());
  if (host == my_host && id > 0 && (id == my_id || !is_living(id))) return true;
  std::error_code error;
  const auto changed = fs::last_write_time(path, error);
  return !error && std::chrono::abs(fs::file_time_type::clock::now() - changed) >= times.silence;
}

/// Whether the file is there, as long as it was, with its structure. Values are not read for this.
bool is_whole(const fs::path& path) {
  try {
    prove(OpenFile::open_to_read(path), checkpoint_file());
    return true;
  } catch (const base::CheckpointError& error) {
    spdlog::warn("{}: {}; it does not count among those that --keep keeps", path.string(), error.what());
    return false;
  }
}

bool has_checkpoints(const fs::path& directory, std::int64_t run) {
  return std::ranges::count(list_checkpoints(directory), run, &CheckpointName::run) > 0;
}

}  // namespace

CheckpointStore::CheckpointStore(CheckpointOptions options, mpi::Communicator& communicator,
                                 const fs::path& resumed, const LockTimes& times)
    : options_(std::move(options)), directory_(options_.directory), communicator_(&communicator) {
  base::require(options_.keep >= 1, "checkpoint: at least one checkpoint is kept");
  on_root([&] {
    prepare_directory(resumed);
    remove_dead_locks(directory_, times);
    remove_leftovers(times);
    reserve_number(resumed, times);
    remove_leftovers(times);  // those of its own number, which may have had a marker until now
  });
  communicator_->broadcast(std::span(&run_, 1));
}

void CheckpointStore::reserve_number(const fs::path& resumed, const LockTimes& times) {
  if (const auto run = run_ended_by(resumed)) {
    if (const auto owner = owner_of(directory_, *run, times)) throw lives(directory_, *run, *owner);
    const bool is_taken = take(*run, times);
    if (is_taken && run_ended_by(resumed) == run) return;  // nobody has gone on with it in between
    if (!is_taken) throw lives(directory_, *run, owner_of(directory_, *run, times).value_or(RunOwner()));
  }
  std::int64_t run = next_number();
  // A run that has come and gone since the numbers were looked at has left files of this one.
  while (!take(run, times) || has_checkpoints(directory_, run)) ++run;
}

bool CheckpointStore::take(std::int64_t run, const LockTimes& times) {
  lock_.reset();
  lock_ = RunLock::claim(directory_, run, times);
  if (lock_) run_ = run;
  return lock_ != nullptr;
}

std::optional<std::int64_t> CheckpointStore::run_ended_by(const fs::path& resumed) const {
  const auto name = CheckpointName::parse(resumed.filename().string());
  if (!name || !fs::exists(resumed) || !fs::equivalent(resumed, directory_ / resumed.filename())) return {};
  for (const CheckpointName& other : list_checkpoints(directory_)) {
    if (other.run == name->run && other.step > name->step) return {};
  }
  return name->run;
}

std::int64_t CheckpointStore::next_number() const {
  std::int64_t next = 1;
  for (const auto& entry : fs::directory_iterator(directory_)) {
    const std::string name = entry.path().filename().string();
    const auto taken = CheckpointName::parse(name.substr(0, name.find(temporary_mark)));
    if (taken) next = std::max(next, taken->run + 1);
  }
  for (const std::int64_t run : locked_runs(directory_)) next = std::max(next, run + 1);
  return next;
}

void CheckpointStore::on_root(const std::function<void()>& action) const {
  mpi::agree(*communicator_, [&] {
    if (!communicator_->is_root()) return;
    try {
      action();
    } catch (const fs::filesystem_error& error) {
      throw base::CheckpointError(
          fmt::format("checkpoint directory {}: {}", directory_.string(), error.what()));
    }
  });
}

void CheckpointStore::prepare_directory(const fs::path& resumed) const {
  const fs::path trial = directory_ / fmt::format(".gemel-trial-{}", process_name());
  try {
    fs::create_directories(directory_);
    try_to_remove(trial);
    OpenFile file = OpenFile::create(trial);
    file.write_at(0, std::array{std::byte{0}});
    file.sync();
    try_to_remove(trial);
    sync_directory(directory_);
  } catch (const std::exception& error) {
    try_to_remove(trial);
    const std::string also =
        resumed.empty() ? ""
                        : fmt::format(" beside --resume {}, also where nothing is left but to evaluate it",
                                      resumed.string());
    throw base::CheckpointError(fmt::format(
        "cannot write checkpoints to {}: {}. Name a directory that can be written with --checkpoint-dir{}.",
        directory_.string(), error.what(), also));
  }
}

void CheckpointStore::remove_leftovers(const LockTimes& times) const {
  const std::vector<std::int64_t> locked = locked_runs(directory_);  // their runs may live
  const auto is_left = [&](const fs::path& path, const TemporaryName& name) {
    if (lock_ && name.run == run_) return true;  // nobody else may write under this number
    return std::ranges::count(locked, name.run) == 0 && is_abandoned(path, name.process, times);
  };
  for (const auto& entry : fs::directory_iterator(directory_)) {
    const auto name = TemporaryName::parse(entry.path().filename().string());
    if (!name || !is_left(entry.path(), *name)) continue;
    std::error_code error;
    fs::remove(entry.path(), error);
    if (error) {
      spdlog::warn("cannot remove {}, left by a killed run: {}", entry.path().string(), error.message());
    } else {
      spdlog::info("removed {}, left half-written by a killed run", entry.path().string());
    }
  }
}

fs::path CheckpointStore::path_for(std::int64_t step) const {
  return directory_ / CheckpointName{run_, step}.file_name();
}

bool CheckpointStore::exists(const fs::path& path) const {
  std::uint8_t found = 0;
  on_root([&] { found = fs::exists(path) ? 1 : 0; });
  communicator_->broadcast(std::span(&found, 1));
  return found != 0;
}

void CheckpointStore::require_own() const {
  on_root([&] { lock_->require_held(); });
}

void CheckpointStore::prune(std::optional<std::int64_t> best) {
  on_root([&] {
    std::int64_t kept = 0;
    for (const CheckpointName& name : list_checkpoints(directory_)) {
      // One that is not whole any more, whatever has befallen it, is no reason to remove another.
      if (name.run == run_ && kept < options_.keep && !is_whole(directory_ / name.file_name())) continue;
      if (name.run != run_ || kept++ < options_.keep || name.step == best) continue;
      std::error_code error;
      fs::remove(directory_ / name.file_name(), error);
      if (error) spdlog::warn("cannot remove the old checkpoint {}: {}", name.file_name(), error.message());
    }
  });
}

}  // namespace gemel::checkpoint
