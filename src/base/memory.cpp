#include "base/memory.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <optional>
#include <span>
#include <sstream>
#include <string_view>

namespace gemel::base {
namespace {

constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();

/// The value of a line such as "VmHWM:   123 kB", in bytes.
std::optional<std::int64_t> kilobyte_line(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name + ":")) continue;
    std::istringstream rest(line.substr(name.size() + 1));
    std::int64_t kilobytes = 0;
    if (rest >> kilobytes) return kilobytes * 1024;
  }
  return std::nullopt;
}

std::optional<std::int64_t> number_in(const std::string& path) {
  std::ifstream file(path);
  std::int64_t number = 0;
  if (file >> number) return number;  // "max" is no number
  return std::nullopt;
}

/// How a version of Linux's control groups names its files.
struct GroupFiles {
  std::string_view mount;  ///< where the groups are
  std::string_view limit;
  std::string_view usage;
  /// Lines of memory.stat: memory that counts as used and that the kernel takes back when somebody needs it, such as pages of files
  /// that were read. Of the group and those below it.
  std::array<std::string_view, 3> reclaimable;
};

constexpr GroupFiles version_1 = {"/sys/fs/cgroup/memory",
                                  "memory.limit_in_bytes",
                                  "memory.usage_in_bytes",
                                  {"total_inactive_file", "total_active_file", ""}};
constexpr GroupFiles version_2 = {
    "/sys/fs/cgroup", "memory.max", "memory.current", {"inactive_file", "active_file", "slab_reclaimable"}};

std::int64_t sum_of_lines(const std::string& path, std::span<const std::string_view> names) {
  std::ifstream file(path);
  std::int64_t sum = 0;
  std::string name;
  for (std::int64_t number = 0; file >> name >> number;)
    if (std::ranges::find(names, name) != names.end()) sum += number;
  return sum;
}

/// What one control group leaves. `group` is its directory.
std::int64_t left_by(const std::string& group, const GroupFiles& files) {
  const auto limit = number_in(group + std::string(files.limit));
  const auto usage = number_in(group + std::string(files.usage));
  if (!limit || !usage) return unlimited;
  const std::int64_t used =
      std::max<std::int64_t>(*usage - sum_of_lines(group + "memory.stat", files.reclaimable), 0);
  return std::max<std::int64_t>(*limit - used, 0);
}

/// What the control groups of this process and those above it leave, in both versions of Linux's control groups.
std::int64_t left_by_control_groups(const std::string& root) {
  std::int64_t left = unlimited;
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "0::/path" or "4:memory:/path"
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (!controllers.empty() && controllers != "memory") continue;
    const GroupFiles& files = controllers.empty() ? version_2 : version_1;
    std::string path = line.substr(second + 1);
    while (true) {
      left = std::min(left, left_by(root + std::string(files.mount) + path + "/", files));
      const std::size_t parent = path.rfind('/');
      if (path.size() <= 1 || parent == std::string::npos) break;
      path.resize(parent);
    }
  }
  return left;
}

}  // namespace

std::int64_t available_memory(const std::string& root) {
  return std::min(kilobyte_line(root + "/proc/meminfo", "MemAvailable").value_or(unlimited),
                  left_by_control_groups(root));
}

std::int64_t resident_memory() {
  return kilobyte_line("/proc/self/status", "VmRSS").value_or(0);
}

std::int64_t peak_memory() {
  return kilobyte_line("/proc/self/status", "VmHWM").value_or(0);
}

}  // namespace gemel::base
