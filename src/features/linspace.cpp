#include "features/linspace.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace gemel::features {

Linspace::Linspace(double first, double last, std::int64_t count)
    : first_(first), last_(last), count_(count), step_((last - first) / static_cast<double>(count - 1)) {
  base::require(count >= 2, "Linspace: fewer than two points");
}

std::int64_t Linspace::search(double value, std::int64_t guess) const {
  std::int64_t low = guess;
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
