#include "checkpoint/checkpoint_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

namespace gemel::checkpoint {

std::string CheckpointName::file_name() const {
  return fmt::format("run-{:03}-step-{:08}.h5", run, step);
}

std::optional<CheckpointName> CheckpointName::parse(const std::string& file_name) {
  static const std::regex pattern("run-([0-9]{3,18})-step-([0-9]{8,18})\\.h5");
  std::smatch match;
  if (!std::regex_match(file_name, match, pattern)) return {};
  return CheckpointName{std::stoll(match[1]), std::stoll(match[2])};
}

std::vector<CheckpointName> list_checkpoints(const std::filesystem::path& directory) {
  std::vector<CheckpointName> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (const auto name = CheckpointName::parse(entry.path().filename().string())) names.push_back(*name);
  }
  std::sort(names.rbegin(), names.rend());
  return names;
}

}  // namespace gemel::checkpoint
