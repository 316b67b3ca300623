#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gemel::testing_support {

/// The directory of a real data set ("ml-100k"): in $GEMEL_DATA, else in data/ of the sources, else in
/// shared/data beside the sources.
inline std::optional<std::filesystem::path> find_data(std::string_view name) {
  std::vector<std::filesystem::path> places;
  if (const char* given = std::getenv("GEMEL_DATA")) places.emplace_back(given);
  places.emplace_back(GEMEL_SOURCE_DIR "/data");
  places.emplace_back(GEMEL_SOURCE_DIR "/../shared/data");
  for (const auto& place : places) {
    if (std::filesystem::is_directory(place / name)) return place / name;
  }
  return std::nullopt;
}

inline bool data_is_required() {
  const char* value = std::getenv("GEMEL_REQUIRE_DATA");
  return value != nullptr && std::string_view(value) == "1";
}

inline std::string missing_data(std::string_view name) {
  return "NOT TESTED: the data set " + std::string(name) +
         " is not here. Put it into data/ of the sources (see data/README.md) or name its parent directory "
         "in GEMEL_DATA.";
}

}  // namespace gemel::testing_support

/// Defines `variable` as the directory of the data set `name`. Where there is none, the test ends here:
/// skipped, or failed when the environment has GEMEL_REQUIRE_DATA=1. For the body of a TEST, before any
/// collective.
#define GEMEL_FIND_DATA(variable, name)                                                \
  const auto variable##_found = ::gemel::testing_support::find_data(name);             \
  if (!variable##_found && ::gemel::testing_support::data_is_required())               \
    FAIL() << ::gemel::testing_support::missing_data(name);                            \
  if (!variable##_found) GTEST_SKIP() << ::gemel::testing_support::missing_data(name); \
  const std::filesystem::path variable = *variable##_found
