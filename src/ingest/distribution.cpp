#include "ingest/distribution.hpp"

#include <algorithm>
#include <bit>
#include <span>

#include "ingest/order_statistic.hpp"

namespace gemel::ingest {

Distribution distribution_of(std::vector<std::int64_t> counts, mpi::Communicator& communicator) {
  std::ranges::sort(counts);
  Distribution result;
  result.things = communicator.sum(static_cast<std::int64_t>(counts.size()));
  for (std::size_t i = 0; i < quantile_shares.size(); ++i) {
    const std::int64_t place = (result.things / 1000 * quantile_shares[i]) +
                               (result.things % 1000 * quantile_shares[i] + 999) / 1000;
    result.quantiles[i] = kth_smallest(counts, std::max<std::int64_t>(1, place), communicator);
  }
  const auto bits_of = [](std::int64_t count) {
    return static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(count)));
  };
  std::array<std::int64_t, 64> by_bits = {};
  for (const std::int64_t count : counts) ++by_bits[bits_of(count)];
  communicator.sum(std::span(by_bits));
  result.with_none = by_bits[0];
  result.with_one = by_bits[1];
  for (std::size_t bits = bits_of(result.quantiles.front()); bits <= bits_of(result.greatest()); ++bits) {
    const std::int64_t least = bits == 0 ? 0 : std::int64_t{1} << (bits - 1);
    result.bins.push_back({least, std::max(least, 2 * least - 1), by_bits[bits]});
  }
  return result;
}

}  // namespace gemel::ingest
