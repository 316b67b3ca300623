#pragma once

#include <string>
#include <string_view>

namespace gemel::serving {

/// Appends a field of a CSV file, in quotes where it has to be (RFC 4180).
void append_csv_field(std::string_view text, std::string& bytes);

}  // namespace gemel::serving
