#include "features/linspace.hpp"

#include <algorithm>
#include <ranges>

#include "base/error.hpp"

namespace gemel::features {

Linspace::Linspace(double first, double last, std::int64_t count)
    : first_(first), last_(last), count_(count), step_((last - first) / static_cast<double>(count - 1)) {
  base::require(count >= 2, "Linspace: fewer than two points");
}

std::int64_t Linspace::count_not_above(double value) const {
  const auto numbers = std::views::iota(std::int64_t{0}, count_);
  return *std::ranges::partition_point(numbers, [&](std::int64_t i) { return point(i) <= value; });
}

}  // namespace gemel::features
