// A field that may be a date: what is read can be written down and read again.
#include "ingest/date_time.hpp"

#include <fmt/format.h>

#include <chrono>

#include "fuzz/fuzzing.hpp"

namespace {

std::string iso(std::int64_t seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gemel;
  const auto seconds = ingest::parse_date_time(fuzzing::text_of(data, size));
  if (!seconds) return 0;
  constexpr std::int64_t day = 24 * 3600;
  constexpr std::int64_t first = -62135596800;  // 0001-01-01
  constexpr std::int64_t end = 253402300800;    // 10000-01-01
  fuzzing::check(*seconds > first - day && *seconds < end + day,
                 "a time is in the years 1 to 9999, but for its zone");
  if (*seconds >= first && *seconds < end)
    fuzzing::check(ingest::parse_date_time(iso(*seconds)) == seconds, "a time is read as it is written");
  return 0;
}
