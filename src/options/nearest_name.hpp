#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gemel::options {

/// Least number of insertions, deletions, replacements and swaps of neighbours that turn `from` into `to`
/// (optimal string alignment), in bytes.
std::size_t edit_distance(std::string_view from, std::string_view to);

/// The name that somebody who typed `typed` most probably meant: the one at the least edit distance, provided
/// that this is at most 2 or a third of the letters; else empty.
std::string nearest_name(std::string_view typed, const std::vector<std::string>& names);

}  // namespace gemel::options
