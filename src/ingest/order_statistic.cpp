#include "ingest/order_statistic.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace gemel::ingest {

std::int64_t kth_smallest(std::span<const std::int64_t> sorted, std::int64_t count,
                          mpi::Communicator& communicator) {
  using Limits = std::numeric_limits<std::int64_t>;
  std::int64_t low = communicator.min(sorted.empty() ? Limits::max() : sorted.front());
  std::int64_t high = communicator.max(sorted.empty() ? Limits::min() : sorted.back());
  while (low < high) {
    const std::int64_t middle = std::midpoint(low, high);  // rounds towards low
    const auto end = std::upper_bound(sorted.begin(), sorted.end(), middle);
    if (communicator.sum(std::int64_t{end - sorted.begin()}) >= count) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace gemel::ingest
