#include "ingest/date_text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

namespace gemel::ingest {
namespace {

using std::chrono::sys_days;

constexpr std::int64_t seconds_of_day = 86400;
constexpr std::int64_t least_date = sys_days(std::chrono::year(1000) / 1 / 1).time_since_epoch().count();
constexpr std::int64_t end_of_dates = sys_days(std::chrono::year(10000) / 1 / 1).time_since_epoch().count();

/// The whole text as a number of digits, perhaps with a sign.
std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
  return number;
}

/// The digits that stand where `layout` has 0s; nothing where the rest of the text differs from it.
std::optional<std::int64_t> digits(std::string_view text, std::size_t first, std::size_t count) {
  for (const char digit : text.substr(first, count))
    if (digit < '0' || digit > '9') return std::nullopt;
  return whole_number(text.substr(first, count));
}

/// Seconds since midnight of "03:05:10".
std::optional<std::int64_t> parse_time_of_day(std::string_view text) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const auto hours = digits(text, 0, 2);
  const auto minutes = digits(text, 3, 2);
  const auto seconds = digits(text, 6, 2);
  if (!hours || !minutes || !seconds || *hours > 23 || *minutes > 59 || *seconds > 59) return std::nullopt;
  return (*hours * 60 + *minutes) * 60 + *seconds;
}

/// Seconds from 1970 to the beginning of the day "1997-09-20".
std::optional<std::int64_t> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return sys_days(date).time_since_epoch().count() * seconds_of_day;
}

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

std::optional<std::int64_t> parse_date(std::string_view text) {
  if (const auto seconds = whole_number(text)) return seconds;
  const auto day = parse_day(text.substr(0, 10));
  if (!day || text.size() == 10) return day;
  const auto time = text[10] == 'T' ? parse_time_of_day(text.substr(11)) : std::nullopt;
  if (!time) return std::nullopt;
  return *day + *time;
}

}  // namespace gemel::ingest
