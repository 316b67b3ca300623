#include "evaluation/popularity_order.hpp"

#include <algorithm>
#include <numeric>

namespace gemel::evaluation {

PopularityOrder::PopularityOrder(std::span<const std::int64_t> counts)
    : rows_(counts.size()), places_(counts.size()) {
  std::iota(rows_.begin(), rows_.end(), 0);
  std::ranges::stable_sort(rows_, std::ranges::greater(),
                           [&](std::int32_t row) { return counts[static_cast<std::size_t>(row)]; });
  for (std::size_t place = 0; place < rows_.size(); ++place)
    places_[static_cast<std::size_t>(rows_[place])] = static_cast<std::int32_t>(place);
}

}  // namespace gemel::evaluation
