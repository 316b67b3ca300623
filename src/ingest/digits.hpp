#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gemel::ingest {

/// As many digits as every number of them fits into 64 bits with a sign.
inline constexpr std::size_t most_digits = 18;

/// Whether a text is 1 to `most_digits` digits, as numbers in files are as a rule; then `number` becomes what they say.
inline bool read_digits(std::string_view text, std::int64_t& number) {
  if (text.empty() || text.size() > most_digits) return false;
  std::int64_t digits = 0;
  for (const char c : text) {
    const auto digit = static_cast<unsigned char>(c - '0');
    if (digit > 9) return false;
    digits = 10 * digits + digit;
  }
  number = digits;
  return true;
}

/// Whether a text is 1 to 16 characters, digits and perhaps a decimal point among them; then `number` becomes what they say, rounded once,
/// as it should be: the digits without the point and a power of ten are doubles, or there is no point.
inline bool read_short_decimal(std::string_view text, double& number) {
  constexpr std::array powers = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6, 1e7,
                                 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
  if (text.size() > powers.size() + 1) return false;
  std::int64_t digits = 0;
  std::size_t whole = text.size();  // digits before the point
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = static_cast<unsigned char>(text[i] - '0');
    if (digit <= 9) {
      digits = 10 * digits + digit;
    } else if (text[i] == '.' && whole == text.size()) {
      whole = i;
    } else {
      return false;
    }
  }
  if (whole == 0 || whole + 1 == text.size()) return false;
  number = static_cast<double>(digits);
  if (whole < text.size()) number /= powers[text.size() - whole - 1];
  return true;
}

}  // namespace gemel::ingest
