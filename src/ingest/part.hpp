#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gemel::ingest {

/// What an interaction is for.
enum class Part : std::uint8_t {
  train,
  validation,  ///< evaluated while the training goes on; may steer it
  test,        ///< evaluated without any influence on the training
};

inline constexpr std::array<std::string_view, 3> part_names = {"train", "validation", "test"};

constexpr std::string_view part_name(Part part) {
  return part_names[static_cast<std::size_t>(part)];
}

}  // namespace gemel::ingest
