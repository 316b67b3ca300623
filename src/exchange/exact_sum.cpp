#include "exchange/exact_sum.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>

namespace gemel::exchange {
namespace {

constexpr int bits = 62;  // of the sum of all multiples
constexpr double infinity = std::numeric_limits<double>::infinity();

/// What the grid is chosen by.
struct Extent {
  double largest = 0;
  std::int64_t count = 0;
};

Extent extent_of(std::span<const double> values) {
  Extent extent{0, std::ssize(values)};
  for (const double value : values) {
    extent.largest = value >= 0 ? std::max(extent.largest, value) : infinity;  // not a number: not >= 0
  }
  return extent;
}

/// The power of two of whose multiples `count` numbers up to `largest` are summed.
int grid_of(const Extent& extent) {
  int exponent = 0;
  std::frexp(extent.largest, &exponent);  // largest < 2^exponent
  return exponent + static_cast<int>(std::bit_width(static_cast<std::uint64_t>(extent.count))) - bits;
}

std::int64_t sum_of_multiples(std::span<const double> values, int grid) {
  std::int64_t sum = 0;
  for (const double value : values) sum += std::llrint(std::ldexp(value, -grid));
  return sum;
}

}  // namespace

double exact_sum(std::span<const double> values) {
  const Extent extent = extent_of(values);
  if (extent.largest == 0 || !std::isfinite(extent.largest)) return extent.largest;
  const int grid = grid_of(extent);
  return std::ldexp(static_cast<double>(sum_of_multiples(values, grid)), grid);
}

double exact_sum(std::span<const double> values, mpi::Communicator& communicator) {
  const Extent own = extent_of(values);
  const Extent extent = {communicator.max(own.largest), communicator.sum(own.count)};
  if (extent.largest == 0 || !std::isfinite(extent.largest)) return extent.largest;
  const int grid = grid_of(extent);
  return std::ldexp(static_cast<double>(communicator.sum(sum_of_multiples(values, grid))), grid);
}

}  // namespace gemel::exchange
