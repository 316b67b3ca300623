#include "serving/npy_head.hpp"

#include <fmt/format.h>

#include <bit>

namespace gemel::serving {

static_assert(std::endian::native == std::endian::little,
              "values are written as they are in memory, which files say is little-endian");

std::string npy_head(std::string_view type, std::string_view shape) {
  constexpr std::string_view magic("\x93NUMPY\x01\x00", 8);
  constexpr std::size_t length_bytes = 2;
  constexpr std::size_t alignment = 64;  // of what follows
  std::string description =
      fmt::format("{{'descr': {}, 'fortran_order': False, 'shape': {}, }}", type, shape);
  const std::size_t unpadded = magic.size() + length_bytes + description.size() + 1;
  description.append((alignment - unpadded % alignment) % alignment, ' ') += '\n';
  std::string head(magic);
  head += static_cast<char>(description.size() % 256);
  head += static_cast<char>(description.size() / 256);
  return head + description;
}

}  // namespace gemel::serving
