#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gemel::ingest {

/// A time in seconds since 1970 as a date of UTC: "1997-09-20", with the time of day unless it is midnight: "1997-09-20T03:05:10".
/// Years that have not four digits are not written as dates but as the number.
std::string date_text(std::int64_t seconds);

/// Seconds since 1970, of such a text or a whole number; nothing for another text.
std::optional<std::int64_t> parse_date(std::string_view text);

}  // namespace gemel::ingest
