#include "ingest/moments.hpp"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <limits>

namespace gemel::ingest {
namespace {

using Wide = unsigned __int128;
using boost::multiprecision::cpp_int;
using boost::multiprecision::cpp_rational;

/// Of distances d from the least number, each less than 2^64. A square's halves are summed apart, so nothing
/// overflows.
struct Sums {
  Wide distance = 0;
  Wide square_low = 0;   // of d^2 mod 2^64
  Wide square_high = 0;  // of d^2 / 2^64
  std::int64_t count = 0;
};

Sums sums_of(std::span<const std::int64_t> values, std::int64_t least) {
  Sums sums;
  sums.count = static_cast<std::int64_t>(values.size());
  for (const std::int64_t value : values) {
    const std::uint64_t distance = static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(least);
    const Wide square = Wide{distance} * distance;
    sums.distance += distance;
    sums.square_low += static_cast<std::uint64_t>(square);
    sums.square_high += square >> 64;
  }
  return sums;
}

}  // namespace

Moments moments(std::span<const std::int64_t> values, mpi::Communicator& communicator) {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t value : values) least = std::min(least, value);
  least = communicator.min(least);

  cpp_int count = 0;
  cpp_int distance = 0;
  cpp_int square = 0;
  for (const Sums& sums : communicator.all_gather(sums_of(values, least))) {
    count += sums.count;
    distance += sums.distance;
    square += (cpp_int(sums.square_high) << 64) + cpp_int(sums.square_low);
  }
  if (count == 0) return {};
  const cpp_rational mean = cpp_rational(distance, count) + least;
  const cpp_rational variance(square * count - distance * distance, count * count);
  return {mean.convert_to<double>(), std::sqrt(variance.convert_to<double>())};
}

}  // namespace gemel::ingest
