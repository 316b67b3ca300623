#include "ingest/order_statistic.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <vector>

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

std::int64_t select_kth(std::span<const std::int64_t> values, std::int64_t count,
                        mpi::Communicator& communicator) {
  using Limits = std::numeric_limits<std::int64_t>;
  constexpr int bucket_bits = 16;
  std::int64_t low = communicator.min(values.empty() ? Limits::max() : std::ranges::min(values));
  std::int64_t high = communicator.max(values.empty() ? Limits::min() : std::ranges::max(values));
  std::vector<std::int64_t> buckets(std::size_t{1} << bucket_bits);
  const auto distance = [&](std::int64_t value) {
    return static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(low);
  };
  while (low < high) {
    // The bucket of the value becomes the next interval.
    const std::uint64_t width = distance(high);
    const int shift = std::max(0, static_cast<int>(std::bit_width(width)) - bucket_bits);
    std::ranges::fill(buckets, 0);
    for (const std::int64_t value : values)
      if (distance(value) <= width) ++buckets[distance(value) >> shift];
    communicator.sum(std::span(buckets));
    std::size_t bucket = 0;
    for (; buckets[bucket] < count; ++bucket) count -= buckets[bucket];
    const auto start = static_cast<std::uint64_t>(low) + (std::uint64_t{bucket} << shift);
    const std::uint64_t end = start + ((std::uint64_t{1} << shift) - 1);
    high = static_cast<std::int64_t>(std::min(end - static_cast<std::uint64_t>(low), width) +
                                     static_cast<std::uint64_t>(low));
    low = static_cast<std::int64_t>(start);
  }
  return low;
}

}  // namespace gemel::ingest
