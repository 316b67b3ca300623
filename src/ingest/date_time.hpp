#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gemel::ingest {

/// The time that `text` says, in seconds since 1970-01-01 00:00:00 UTC; none if it says none, or could be read in two ways, as
/// 03/04/2018 and 04.03.18. Fractions of seconds are cut off. Without a zone it is UTC; a zone is Z, UTC, GMT or an offset
/// (+02:00, -0700, +02).
///
///     2018-07-07                         the year first, also with / and without leading zeros; a time may follow
///     2018-07-07T22:09:11.123Z           ISO 8601 and RFC 3339; a blank for T, no seconds, a blank before the zone
///     Sun Jul 30 07:44:10 -0700 2017     a month by name and a year of four digits, in any order, also
///     Jul 30, 2017                       "30 July 2017" and "Sun, 30 Jul 2017 07:44:10 GMT"
///     09 3, 2009                         month, day, year, as Amazon's reviewTime
///
/// Days must be in the calendar, a named weekday the right one, years from 1 to 9999. 24:00:00 is the midnight that ends the day.
/// Second 60 is taken where leap seconds are, 23:59:60 UTC, for the second after it.
std::optional<std::int64_t> parse_date_time(std::string_view text);

}  // namespace gemel::ingest
