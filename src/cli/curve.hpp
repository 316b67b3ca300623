#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace gemel::cli {

/// Of the values that are numbers.
struct CurveRange {
  double first = 0;
  double last = 0;
  double least = 0;
  double greatest = 0;
};
/// Nothing where none is.
std::optional<CurveRange> range_of(std::span<const double> values);

/// Those that are numbers as a row of blocks of eight heights, from the least to the greatest of them, at most `columns` wide; where
/// there are more, each block is the mean of several.
std::string curve(std::span<const double> values, std::size_t columns);

}  // namespace gemel::cli
