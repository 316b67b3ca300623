#include "features/linspace.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace gemel::features {

Linspace::Linspace(double first, double last, std::int64_t count)
    : first_(first), last_(last), count_(count), step_((last - first) / static_cast<double>(count - 1)) {
  base::require(count >= 2, "Linspace: fewer than two points");
}

std::int64_t Linspace::count_not_above(double value) const {
  if (!(value >= first_)) return 0;  // so, too, of NaN
  if (value >= last_) return count_;
  // It is near here, but for what rounding does to close points.
  const auto guess = static_cast<std::int64_t>((value - first_) / step_);
  std::int64_t low = std::clamp(guess, std::int64_t{0}, count_ - 1);
  std::int64_t high = std::min(low + 2, count_);
  if (low > 0 && point(low - 1) > value) low = 0;
  if (high < count_ && point(high) <= value) high = count_;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (point(middle) <= value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace gemel::features
