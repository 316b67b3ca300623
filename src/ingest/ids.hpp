#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace gemel::ingest {

/// Bytes of an id at most: what is longer is damage, or several lines whose quotes or separators are wrong.
inline constexpr std::size_t longest_id = 4096;

/// Whether a text can be the id of a user or an item.
inline bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= longest_id;
}

/// What should have been there instead of a text that is none; `noun`: "a user".
inline std::string expected_id(std::string_view text, std::string_view noun) {
  if (text.empty()) return std::string(noun);
  return fmt::format("{} of at most {} bytes, not {}", noun, longest_id, text.size());
}

}  // namespace gemel::ingest
