#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gemel::ingest {

/// What times are counted in.
struct TimeUnit {
  std::string_view name;  ///< "milliseconds"
  std::int64_t per_second = 1;
};

/// The unit of times up to `latest`, where they can hardly be seconds; else nothing.
inline std::optional<TimeUnit> finer_unit(std::int64_t latest) {
  constexpr std::int64_t least = 100'000'000'000;  // milliseconds in 1973; in seconds it is the year 5138
  if (latest >= least * 1'000'000) return TimeUnit{"nanoseconds", 1'000'000'000};
  if (latest >= least * 1000) return TimeUnit{"microseconds", 1'000'000};
  if (latest >= least) return TimeUnit{"milliseconds", 1000};
  return std::nullopt;
}

}  // namespace gemel::ingest
