#include "cli/curve.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <string_view>
#include <vector>

namespace gemel::cli {
namespace {

constexpr std::array<std::string_view, 8> heights = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

}  // namespace

std::optional<CurveRange> range_of(std::span<const double> values) {
  std::optional<CurveRange> range;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    if (!range) range = {value, value, value, value};
    range->last = value;
    range->least = std::min(range->least, value);
    range->greatest = std::max(range->greatest, value);
  }
  return range;
}

std::string curve(std::span<const double> values, std::size_t columns) {
  std::vector<double> numbers;
  std::ranges::copy_if(values, std::back_inserter(numbers),
                       [](double value) { return std::isfinite(value); });
  const std::size_t shown = std::min(columns, numbers.size());
  std::vector<double> means(shown);
  for (std::size_t column = 0; column < shown; ++column) {
    const std::size_t first = numbers.size() * column / shown;
    const std::size_t last = numbers.size() * (column + 1) / shown;
    for (std::size_t i = first; i < last; ++i)
      means[column] += numbers[i] / static_cast<double>(last - first);
  }
  const CurveRange range = range_of(means).value_or(CurveRange());
  const double span = range.greatest - range.least;
  std::string text;
  for (const double mean : means) {
    const double share = span > 0 ? (mean - range.least) / span : 0;
    text += heights[static_cast<std::size_t>(std::lround(share * 7))];
  }
  return text;
}

}  // namespace gemel::cli
