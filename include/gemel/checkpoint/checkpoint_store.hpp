#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gemel/checkpoint/options.hpp"
#include "gemel/mpi/communicator.hpp"

namespace gemel::checkpoint {

/// The name of a checkpoint: run-001-step-00012000.h5.
struct CheckpointName {
  std::int64_t run = 0;
  std::int64_t step = 0;

  std::string file_name() const;
  /// Nothing for a file that is not named like a checkpoint.
  static std::optional<CheckpointName> parse(const std::string& file_name);
  friend auto operator<=>(const CheckpointName&, const CheckpointName&) = default;
};

/// The directory of a run's checkpoints. Every run has a number of its own, so nothing is ever overwritten.
///
/// Everything is collective: root looks at the directory and tells the others. Errors are mpi::AgreedError
/// with ExitCode::checkpoint.
class CheckpointStore {
 public:
  /// Creates the directory if need be, proves by a trial file that it can be written, and removes what killed
  /// runs have left half-written. The run is a new one until continue_from(). The communicator must outlive
  /// the store.
  CheckpointStore(CheckpointOptions options, mpi::Communicator& communicator);

  /// The checkpoint to resume from: of the highest run number the highest step whose file is complete and
  /// undamaged. Logs a warning for each newer one that is not. Nothing if there is none.
  std::optional<std::filesystem::path> newest_sound();

  /// Says which checkpoint the run was resumed from. It goes on under that one's run number, if the file is
  /// the last of its run in this directory; else it keeps a new number, for the run's later files must stay.
  void continue_from(const std::filesystem::path& resumed);

  /// The number that this run's files have.
  std::int64_t run() const { return run_; }
  /// Where the checkpoint of `step` belongs.
  std::filesystem::path path_for(std::int64_t step) const;

  /// Removes this run's checkpoints except for the newest `keep` and that of step `best`. Call after a commit. A
  /// file that cannot be removed is only warned of.
  void prune(std::optional<std::int64_t> best = {});

  /// Whether there is such a file.
  bool exists(const std::filesystem::path& path) const;

 private:
  /// Runs `action` on root and lets the ranks agree on its outcome.
  void on_root(const std::function<void()>& action) const;
  void prepare_directory() const;
  void remove_leftovers() const;
  /// The checkpoints in the directory, the newest first. Root only.
  std::vector<CheckpointName> list() const;

  CheckpointOptions options_;
  std::filesystem::path directory_;
  mpi::Communicator* communicator_;
  std::int64_t run_ = 1;
};

}  // namespace gemel::checkpoint
