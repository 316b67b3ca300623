#include "ingest/date_text.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iterator>

namespace gemel::ingest {
namespace {

using std::chrono::sys_days;

constexpr std::int64_t seconds_of_day = 86400;
constexpr std::int64_t least_date = sys_days(std::chrono::year(1000) / 1 / 1).time_since_epoch().count();
constexpr std::int64_t end_of_dates = sys_days(std::chrono::year(10000) / 1 / 1).time_since_epoch().count();

}  // namespace

std::string date_text(std::int64_t seconds) {
  std::int64_t days = seconds / seconds_of_day;
  if (days * seconds_of_day > seconds) --days;
  if (days < least_date || days >= end_of_dates) return fmt::format("{}", seconds);
  const std::chrono::year_month_day date{
      sys_days(std::chrono::days(static_cast<std::chrono::days::rep>(days)))};
  std::string text = fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  const std::int64_t rest = seconds - days * seconds_of_day;
  if (rest > 0)
    fmt::format_to(std::back_inserter(text), "T{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
  return text;
}

}  // namespace gemel::ingest
