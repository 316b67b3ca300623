#pragma once

#include <cstdint>
#include <optional>

#include "ingest/columns.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// When interactions were.
struct TimeSummary {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t zeros = 0;        ///< interactions at 0, or without any time
  std::int64_t before_1990 = 0;  ///< and not at 0
  std::int64_t in_future = 0;
};

/// Of the interactions of all ranks; nothing where they have no times. Times after `now` are in the future. Collective.
std::optional<TimeSummary> summarize_times(const Columns& interactions, std::int64_t now,
                                           mpi::Communicator& communicator);

/// Seconds since 1970, by root's clock. Collective.
std::int64_t time_now(mpi::Communicator& communicator);

}  // namespace gemel::ingest
