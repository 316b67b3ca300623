#include "base/bytes_text.hpp"

#include <fmt/format.h>

#include <iterator>

namespace gemel::base {

std::string bytes_text(double bytes) {
  constexpr const char* units[] = {"kB", "MB", "GB", "TB", "PB"};
  if (bytes < 999.5) return fmt::format("{:.0f} B", bytes);
  double scaled = bytes / 1000;
  std::size_t unit = 0;
  for (; scaled >= 999.95 && unit + 1 < std::size(units); ++unit) scaled /= 1000;
  return fmt::format("{:.1f} {}", scaled, units[unit]);
}

}  // namespace gemel::base
