#pragma once

#include <cstdint>
#include <vector>

namespace gemel::base {

/// Sorts by the upper 32 bits of each key, ascending; keys that agree in these keep their order. A radix sort by bytes, in as many
/// passes as the largest of them has: a few times faster than sorting by comparison for hundreds of keys of small numbers, which is what
/// Boost.Sort's hybrids do below 1000. `spare` is memory that is reused from call to call.
void sort_by_upper_half(std::vector<std::uint64_t>& keys, std::vector<std::uint64_t>& spare);

}  // namespace gemel::base
