#include "checkpoint/newest_checkpoint.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "checkpoint/checkpoint_name.hpp"
#include "checkpoint/checkpoint_reader.hpp"
#include "mpi/agreement.hpp"

namespace gemel::checkpoint {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_listed = 10;

/// Throws when a run lives that the newest of `names` would be gone on with, or a later one. Root only.
void require_ended(const fs::path& directory, const std::vector<CheckpointName>& names,
                   const LockTimes& times) {
  const std::int64_t newest = names.empty() ? 0 : names.front().run;
  for (const std::int64_t run : locked_runs(directory)) {
    if (run < newest) continue;
    if (const auto owner = owner_of(directory, run, times)) throw lives(directory, run, *owner);
  }
}

/// The checkpoints of a directory, the newest first. Root only.
std::vector<CheckpointName> candidates(const fs::path& directory, Purpose purpose, const LockTimes& times) {
  try {
    if (!fs::is_directory(directory)) return {};
    std::vector<CheckpointName> names = list_checkpoints(directory);
    if (purpose == Purpose::resume) require_ended(directory, names, times);
    return names;
  } catch (const fs::filesystem_error& error) {
    throw base::CheckpointError(fmt::format("checkpoint directory {}: {}", directory.string(), error.what()));
  }
}

/// The checkpoint, if it is sound; or null where it is damaged, and `fault` tells why. What has the name of a checkpoint and is no file
/// of ours is taken for a damaged one. Collective.
std::unique_ptr<CheckpointReader> open_sound(const fs::path& path, mpi::Communicator& communicator,
                                             const Verify& verify, std::string& fault) {
  try {
    auto reader = std::make_unique<CheckpointReader>(path, communicator);
    verify(*reader);
    return reader;
  } catch (const FileError& error) {
    if (error.fault == FileFault::unreadable || error.fault == FileFault::newer) {
      throw FileError(
          error.fault, error.code(),
          fmt::format("{}; or move it away to go on from an earlier one, or name one (--resume PATH)",
                      error.what()));
    }
    if (error.fault != FileFault::damaged && error.fault != FileFault::foreign) throw;
    const std::string reason = without_advice(error.what());
    fault = reason.substr(0, reason.find('\n'));
    return nullptr;
  }
}

[[noreturn]] void refuse(const fs::path& directory, const std::vector<std::string>& files, Purpose purpose) {
  std::string list;
  for (const std::string& file : std::span(files).first(std::min(files.size(), most_listed)))
    list += fmt::format("\n  {}", file);
  if (files.size() > most_listed) list += fmt::format("\n  and {} more", files.size() - most_listed);
  const std::string advice =
      purpose == Purpose::resume
          ? ", or start afresh: without --resume, as a run with a new number, or in another --checkpoint-dir"
          : ", or name another checkpoint";
  throw mpi::AgreedError(
      base::ExitCode::checkpoint,
      fmt::format("{}none of the checkpoints in {} is sound. Bring back a sound one{}.{}",
                  purpose == Purpose::resume ? "--resume auto: " : "", directory.string(), advice, list));
}

}  // namespace

std::unique_ptr<CheckpointReader> open_newest_sound(const fs::path& directory,
                                                    mpi::Communicator& communicator, const Verify& verify,
                                                    Purpose purpose, const LockTimes& times) {
  std::vector<CheckpointName> names;
  mpi::agree(communicator, [&] {
    if (communicator.is_root()) names = candidates(directory, purpose, times);
  });
  std::size_t count = names.size();
  communicator.broadcast(std::span(&count, 1));
  names.resize(count);
  communicator.broadcast(std::span(names));
  std::vector<std::string> unsound;
  for (const CheckpointName& name : names) {
    const fs::path path = directory / name.file_name();
    std::string fault;
    if (auto reader = open_sound(path, communicator, verify, fault)) {
      for (const std::string& file : unsound) spdlog::warn("skipped, {} is taken: {}", path.string(), file);
      return reader;
    }
    unsound.push_back(std::move(fault));
  }
  if (!unsound.empty()) refuse(directory, unsound, purpose);
  return nullptr;
}

}  // namespace gemel::checkpoint
