#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Of how many things in a thousand a quantile is the largest count, at least.
inline constexpr std::array<std::int64_t, 7> quantile_shares = {0, 250, 500, 750, 900, 990, 1000};

/// How many things have at least `least` and at most `most` interactions.
struct CountBin {
  std::int64_t least = 0;
  std::int64_t most = 0;
  std::int64_t things = 0;

  bool operator==(const CountBin&) const = default;
};

/// How interactions are spread over things: users, or items. The same on every rank.
struct Distribution {
  std::int64_t things = 0;  ///< those without interactions are among them
  std::int64_t with_none = 0;
  std::int64_t with_one = 0;
  /// For each of quantile_shares the least count that so many things do not exceed; the first is the least, the last the greatest.
  std::array<std::int64_t, quantile_shares.size()> quantiles = {};
  /// Counts of 0, 1, 2 to 3, 4 to 7 and so on, from the first bin that is not empty to the last.
  std::vector<CountBin> bins;

  std::int64_t greatest() const { return quantiles.back(); }
};

/// Of the counts of all ranks, of which there is at least one. Collective.
Distribution distribution_of(std::vector<std::int64_t> own_counts, mpi::Communicator& communicator);

}  // namespace gemel::ingest
