#include "ingest/date_time.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace gemel::ingest {
namespace {

using namespace std::string_view_literals;

constexpr std::array months = {"january"sv,   "february"sv, "march"sv,    "april"sv,
                               "may"sv,       "june"sv,     "july"sv,     "august"sv,
                               "september"sv, "october"sv,  "november"sv, "december"sv};
constexpr std::array weekdays = {"sunday"sv,   "monday"sv, "tuesday"sv, "wednesday"sv,
                                 "thursday"sv, "friday"sv, "saturday"sv};

/// What a text says; -1: nothing.
struct Parts {
  int year = -1;
  int month = -1;
  int day = -1;
  int weekday = -1;  // 0: Sunday
  int seconds = -1;  // of the day
  int offset = 0;    // of the zone's time from UTC, in seconds
  bool has_zone = false;
  bool is_leap_second = false;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/// Takes marks and numbers off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  /// The next character; NUL at the end.
  char next() const { return rest_.empty() ? '\0' : rest_[0]; }

  bool take(char mark) {
    if (next() != mark || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// A number of `least` to `most` digits; -1 if there are fewer.
  int number(std::size_t least, std::size_t most) {
    int value = 0;
    std::size_t count = 0;
    for (; count < most && count < rest_.size() && is_digit(rest_[count]); ++count)
      value = 10 * value + (rest_[count] - '0');
    if (count < least) return -1;
    rest_.remove_prefix(count);
    return value;
  }

  std::string_view digits() { return take_while(is_digit); }
  std::string_view letters() { return take_while(is_letter); }

 private:
  template <class Is>
  std::string_view take_while(Is is) {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is);
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest_;
};

/// Which of the names a word is, or the first three letters of, whatever its case; -1: none.
template <std::size_t count>
int find_name(const std::array<std::string_view, count>& names, std::string_view word) {
  if (word.size() < 3) return -1;
  const auto is_same = [&](std::string_view name) {
    return (word.size() == 3 || word.size() == name.size()) &&
           std::equal(word.begin(), word.end(), name.begin(), [](char a, char b) { return (a | 0x20) == b; });
  };
  const auto found = std::ranges::find_if(names, is_same);
  return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

/// The rest of "22:09", "22:09:11" or "22:09:11.123" after its hour. Returns whether it is one.
bool take_time(Scanner& scanner, int hour, Parts& parts) {
  if (parts.seconds >= 0 || hour < 0 || !scanner.take(':')) return false;
  const int minute = scanner.number(2, 2);
  if (minute < 0 || minute > 59) return false;
  int second = 0;
  if (scanner.take(':')) {
    second = scanner.number(2, 2);
    if (second < 0 || second > 60) return false;
    if ((scanner.take('.') || scanner.take(',')) && scanner.digits().empty()) return false;
  }
  parts.seconds = 3600 * hour + 60 * minute + second;
  parts.is_leap_second = second == 60;
  return hour < 24 || parts.seconds == 24 * 3600;
}

/// "+02:00", "-0700" or "+02", after a time. Returns whether it is one.
bool take_offset(Scanner& scanner, Parts& parts) {
  const bool is_west = scanner.next() == '-';
  if (parts.seconds < 0 || parts.has_zone || !(scanner.take('-') || scanner.take('+'))) return false;
  const int hours = scanner.number(2, 2);
  const bool has_minutes = scanner.take(':') || is_digit(scanner.next());
  const int minutes = has_minutes ? scanner.number(2, 2) : 0;
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
  const int seconds = 3600 * hours + 60 * minutes;
  parts.offset = is_west ? -seconds : seconds;
  parts.has_zone = true;
  return true;
}

/// "Z", "UTC" or "GMT", after a time.
bool take_zone_name(std::string_view word, Parts& parts) {
  if (parts.seconds < 0 || parts.has_zone) return false;
  parts.has_zone = word == "Z" || word == "z" || word == "UTC" || word == "GMT";
  return parts.has_zone;
}

/// The rest of a text that began with a year, such as "-07-07T22:09:11Z".
bool take_after_year(Scanner& scanner, Parts& parts) {
  const char mark = scanner.next();
  if ((mark != '-' && mark != '/') || !scanner.take(mark)) return false;
  parts.month = scanner.number(1, 2);
  if (!scanner.take(mark)) return false;
  parts.day = scanner.number(1, 2);
  if (scanner.at_end()) return true;
  if (!scanner.take('T') && !scanner.take(' ') && !scanner.take('t')) return false;
  const int hour = scanner.number(2, 2);
  if (!take_time(scanner, hour, parts)) return false;
  if (scanner.at_end()) return true;
  scanner.take(' ');
  const bool has_zone =
      is_letter(scanner.next()) ? take_zone_name(scanner.letters(), parts) : take_offset(scanner, parts);
  return has_zone && scanner.at_end();
}

/// The rest of "09 3, 2009" after the month.
bool take_after_month(Scanner& scanner, Parts& parts) {
  if (!scanner.take(' ')) return false;
  parts.day = scanner.number(1, 2);
  if (!scanner.take(',') || !scanner.take(' ')) return false;
  parts.year = scanner.number(4, 4);
  return true;
}

/// A word: a month, a weekday or a zone that is not known yet.
bool take_word(std::string_view word, Parts& parts) {
  const int month = find_name(months, word) + 1;
  const int weekday = find_name(weekdays, word);
  if (month > 0 && parts.month < 0) {
    parts.month = month;
  } else if (weekday >= 0 && parts.weekday < 0) {
    parts.weekday = weekday;
  } else {
    return take_zone_name(word, parts);
  }
  return true;
}

/// Digits that are the year, the day or the hour of the time.
bool take_digits(Scanner& scanner, Parts& parts) {
  Scanner ahead = scanner;
  const std::size_t count = ahead.digits().size();
  if (ahead.next() == ':') return take_time(scanner, count == 2 ? scanner.number(2, 2) : -1, parts);
  int& part = count == 4 ? parts.year : parts.day;
  if (part >= 0 || (count != 4 && count > 2)) return false;
  part = scanner.number(count, count);
  return true;
}

/// A text with the month by name: words, numbers, a time and its zone with blanks between them.
bool take_named(Scanner& scanner, Parts& parts) {
  while (!scanner.at_end()) {
    const bool is_good = is_letter(scanner.next())  ? take_word(scanner.letters(), parts)
                         : is_digit(scanner.next()) ? take_digits(scanner, parts)
                                                    : take_offset(scanner, parts);
    if (!is_good) return false;
    if (scanner.at_end()) return true;
    scanner.take(',');
    if (!scanner.take(' ')) return false;
    while (scanner.take(' ')) {
    }
  }
  return false;
}

/// Which way of writing it is shows where the first digits end.
bool take_all(std::string_view text, Parts& parts) {
  Scanner scanner(text);
  if (text.size() > 5 && is_digit(text[0]) && (text[4] == '-' || text[4] == '/')) {
    parts.year = scanner.number(4, 4);
    return take_after_year(scanner, parts);
  }
  Scanner from_month(text);
  parts.month = from_month.number(2, 2);
  if (parts.month > 0 && take_after_month(from_month, parts)) return from_month.at_end();
  parts = {};
  return take_named(scanner, parts);
}

}  // namespace

std::optional<std::int64_t> parse_date_time(std::string_view text) {
  Parts parts;
  if (!take_all(text, parts)) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(parts.year),
                                         std::chrono::month(static_cast<unsigned>(parts.month)),
                                         std::chrono::day(static_cast<unsigned>(parts.day)));
  if (!date.ok() || parts.year < 1) return std::nullopt;
  const std::chrono::sys_days day = date;
  if (parts.weekday >= 0 && std::chrono::weekday(day).c_encoding() != static_cast<unsigned>(parts.weekday))
    return std::nullopt;
  const std::int64_t seconds_of_day = std::max(parts.seconds, 0) - parts.offset;
  constexpr std::int64_t day_seconds = 24 * 3600;
  if (parts.is_leap_second && seconds_of_day % day_seconds != 0) return std::nullopt;
  return day_seconds * day.time_since_epoch().count() + seconds_of_day;
}

}  // namespace gemel::ingest
