#include "features/linspace.hpp"

#include "base/error.hpp"

namespace gemel::features {

Linspace::Linspace(double first, double last, std::int64_t count)
    : first_(first), last_(last), count_(count), step_((last - first) / static_cast<double>(count - 1)) {
  base::require(count >= 2, "Linspace: fewer than two points");
}

std::int64_t Linspace::count_not_above(double value) const {
  std::int64_t low = 0;
  for (std::int64_t high = count_; low < high;) {
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
