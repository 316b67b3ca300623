#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

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

/// Those of the checkpoints in a directory, the newest first. Throws filesystem_error.
std::vector<CheckpointName> list_checkpoints(const std::filesystem::path& directory);

}  // namespace gemel::checkpoint
