#include "ingest/time_summary.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <span>

namespace gemel::ingest {
namespace {

constexpr std::int64_t year_1990 = 631'152'000;

}  // namespace

std::optional<TimeSummary> summarize_times(const Columns& interactions, std::int64_t now,
                                           mpi::Communicator& communicator) {
  const auto times = interactions.numbers.find("timestamp");
  if (times == interactions.numbers.end()) return std::nullopt;
  TimeSummary own = {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
  for (const std::int64_t time : times->second) {
    own.first = std::min(own.first, time);
    own.last = std::max(own.last, time);
    if (time == 0) ++own.zeros;
    if (time != 0 && time < year_1990) ++own.before_1990;
    if (time > now) ++own.in_future;
  }
  return TimeSummary{communicator.min(own.first), communicator.max(own.last), communicator.sum(own.zeros),
                     communicator.sum(own.before_1990), communicator.sum(own.in_future)};
}

std::int64_t time_now(mpi::Communicator& communicator) {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  std::int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(since_1970).count();
  communicator.broadcast(std::span(&seconds, 1));
  return seconds;
}

}  // namespace gemel::ingest
