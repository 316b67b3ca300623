#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "checkpoint/checkpoint_format.hpp"
#include "checkpoint/joint_file.hpp"
#include "checkpoint/own_blocks.hpp"
#include "mpi/communicator.hpp"

namespace gemel::checkpoint {

/// A file that is written from a snapshot while the ranks go on with something else. On each rank a thread makes the file calls; ranks
/// talk to each other only in advance() and finish(), which the threads that own the communicator call.
///
///   created by root  ->  written by all  ->  given its name by root
///
/// Members that are collective throw mpi::AgreedError with the exit code of the kind when a call has failed on any rank. The file is gone
/// then, and so it is when the object is destroyed before the end.
class BackgroundWrite {
 public:
  /// `ending` is root's. What `blocks` point to must stay as it is until the end. The communicator must outlive the object. Begins.
  BackgroundWrite(std::unique_ptr<JointFile> file, const FileKind& kind, Ending ending,
                  std::vector<OwnBlocks> blocks, mpi::Communicator& communicator);
  /// Waits for no more than the call of the system that is under way.
  ~BackgroundWrite() = default;
  BackgroundWrite(const BackgroundWrite&) = delete;
  BackgroundWrite& operator=(const BackgroundWrite&) = delete;

  /// Whether this rank has something to do before the next advance(). Not collective.
  bool is_busy() const { return is_busy_; }
  /// Once no rank is busy: on to what comes next. Returns whether that was all. Collective.
  bool advance();
  /// Waits for the end. Collective.
  void finish();

  const std::filesystem::path& path() const { return file_->path(); }
  /// Of the whole file; on root.
  std::uint64_t bytes() const { return ending_.file_bytes; }

 private:
  enum class Phase { create, write, commit, done };

  void work(std::function<void(const std::stop_token&)> action);
  void write_blocks(const std::stop_token& stop);
  /// Until no rank is busy. Ranks ask each other now and then, so that none is taken for one that hangs while a slow disk writes.
  void wait_for_all();

  FileKind kind_;
  mpi::Communicator* communicator_;
  std::unique_ptr<JointFile> file_;
  Ending ending_;
  std::vector<OwnBlocks> blocks_;
  std::vector<PlacedSum> sums_;
  Phase phase_ = Phase::create;
  std::exception_ptr failure_;
  std::atomic<bool> is_busy_ = false;
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace gemel::checkpoint
