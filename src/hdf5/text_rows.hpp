#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace gemel::hdf5 {

/// Strings as rows of `length` bytes each, filled up with zero bytes, and back. Throws Hdf5Error for a string
/// that is longer, or that ends in a zero byte and so would not come back.
std::string pack_text(std::span<const std::string> values, std::size_t length);
void unpack_text(std::string_view packed, std::size_t length, std::span<std::string> values);

/// The length that holds every string of `values`; at least 1.
std::size_t longest_text(std::span<const std::string> values);

/// The length of `text` without the zero bytes at its end.
std::size_t text_length(std::string_view text);

}  // namespace gemel::hdf5
