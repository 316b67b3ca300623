#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace gemel::metering {

/// What ranks send each other, told apart by purpose.
enum class Traffic { deal, gather, lookup, share, reduce, dense, rows, evaluation };
inline constexpr std::array<std::string_view, 8> traffic_names = {"deal",   "gather", "lookup", "share",
                                                                  "reduce", "dense",  "rows",   "evaluation"};
/// Bytes by purpose.
using TrafficBytes = std::array<std::int64_t, traffic_names.size()>;

}  // namespace gemel::metering
