#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gemel::ingest {

/// As many digits as every number of them fits into 64 bits with a sign.
inline constexpr std::size_t most_digits = 18;

/// The number that a text of 1 to `most_digits` digits is; nothing for others. Numbers in files are such as a rule.
inline std::optional<std::int64_t> number_of_digits(std::string_view text) {
  if (text.empty() || text.size() > most_digits) return std::nullopt;
  std::int64_t number = 0;
  for (const char c : text) {
    const auto digit = static_cast<unsigned char>(c - '0');
    if (digit > 9) return std::nullopt;
    number = 10 * number + digit;
  }
  return number;
}

}  // namespace gemel::ingest
