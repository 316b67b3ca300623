#include "gemel/base/memory.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>

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

/// What one control group leaves.
std::int64_t left_by(const std::string& limit_file, const std::string& usage_file) {
  const auto limit = number_in(limit_file);
  const auto usage = number_in(usage_file);
  return limit && usage ? std::max<std::int64_t>(*limit - *usage, 0) : unlimited;
}

/// What the control groups of this process and those above it leave, in both versions of Linux's control groups.
std::int64_t left_by_control_groups() {
  std::int64_t left = unlimited;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "0::/path" or "4:memory:/path"
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool is_version_2 = controllers.empty();
    if (!is_version_2 && controllers != "memory") continue;
    const std::string root = is_version_2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    std::string path = line.substr(second + 1);
    while (true) {
      const std::string group = root + path + "/";
      left = std::min(left, is_version_2
                                ? left_by(group + "memory.max", group + "memory.current")
                                : left_by(group + "memory.limit_in_bytes", group + "memory.usage_in_bytes"));
      if (path.empty() || path == "/") break;
      path.resize(path.rfind('/'));
    }
  }
  return left;
}

}  // namespace

std::int64_t available_memory() {
  return std::min(kilobyte_line("/proc/meminfo", "MemAvailable").value_or(unlimited),
                  left_by_control_groups());
}

std::int64_t resident_memory() {
  return kilobyte_line("/proc/self/status", "VmRSS").value_or(0);
}

std::int64_t peak_memory() {
  return kilobyte_line("/proc/self/status", "VmHWM").value_or(0);
}

}  // namespace gemel::base
