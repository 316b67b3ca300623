#pragma once

#include <fnmatch.h>

#include <algorithm>
#include <span>
#include <string>

namespace gemel::checkpoint {

/// Whether a path is as `pattern` says, in which "*" stands for any text, also with "/".
inline bool fits(const std::string& path, const std::string& pattern) {
  return ::fnmatch(pattern.c_str(), path.c_str(), FNM_NOESCAPE) == 0;
}
inline bool fits(const std::string& path, std::span<const std::string> patterns) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) { return fits(path, pattern); });
}

}  // namespace gemel::checkpoint
