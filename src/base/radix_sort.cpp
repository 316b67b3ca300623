#include "base/radix_sort.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace gemel::base {

void sort_by_upper_half(std::vector<std::uint64_t>& keys, std::vector<std::uint64_t>& spare) {
  std::uint64_t bits = 0;
  for (const std::uint64_t key : keys) bits |= key;
  spare.reserve(keys.capacity());
  spare.resize(keys.size());
  for (int shift = 32; shift < 64 && bits >> shift != 0; shift += 8) {
    const auto digit = [shift](std::uint64_t key) { return static_cast<std::size_t>(key >> shift & 255U); };
    std::array<std::size_t, 256> places{};
    for (const std::uint64_t key : keys) ++places[digit(key)];
    std::size_t place = 0;
    for (std::size_t& count : places) place += std::exchange(count, place);
    for (const std::uint64_t key : keys) spare[places[digit(key)]++] = key;
    keys.swap(spare);
  }
}

}  // namespace gemel::base
