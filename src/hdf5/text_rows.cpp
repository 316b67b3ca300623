#include "hdf5/text_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "hdf5/error.hpp"

namespace gemel::hdf5 {

std::string pack_text(std::span<const std::string> values, std::size_t length) {
  std::string packed(values.size() * length, '\0');
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string& value = values[i];
    if (value.size() > length || (!value.empty() && value.back() == '\0')) {
      throw Hdf5Error(fmt::format("the string \"{}\" is longer than {} bytes or ends in a zero byte",
                                  value.c_str(), length));
    }
    value.copy(packed.data() + i * length, length);
  }
  return packed;
}

void unpack_text(std::string_view packed, std::size_t length, std::span<std::string> values) {
  base::require(packed.size() == values.size() * length, "unpack_text: as many strings as rows");
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string_view padded = packed.substr(i * length, length);
    values[i] = padded.substr(0, text_length(padded));
  }
}

std::size_t longest_text(std::span<const std::string> values) {
  std::size_t longest = 1;
  for (const std::string& value : values) longest = std::max(longest, value.size());
  return longest;
}

std::size_t text_length(std::string_view text) {
  const std::size_t last = text.find_last_not_of('\0');
  return last == std::string_view::npos ? 0 : last + 1;
}

}  // namespace gemel::hdf5
