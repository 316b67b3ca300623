#pragma once

#include <cstdint>
#include <string>

namespace gemel::ingest {

/// A time in seconds since 1970 as a date of UTC that parse_date_time() reads: "1997-09-20", with the time of day unless it is midnight: "1997-09-20T03:05:10".
/// Years that have not four digits are not written as dates but as the number.
std::string date_text(std::int64_t seconds);

}  // namespace gemel::ingest
