#include "ingest/moments.hpp"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

namespace gemel::ingest {
namespace {

using Wide = unsigned __int128;
using boost::multiprecision::cpp_int;
using boost::multiprecision::cpp_rational;

constexpr int digits = std::numeric_limits<double>::digits;

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

/// Of numbers m * 2^exponent, where m has at most 53 bits; with the halves of squares summed apart, too.
struct ScaledSums {
  int exponent = 0;
  __int128 value = 0;    // of m
  Wide square_low = 0;   // of m^2 mod 2^64
  Wide square_high = 0;  // of m^2 / 2^64
};

/// By exponent.
std::vector<ScaledSums> scaled_sums_of(std::span<const double> values) {
  std::map<int, ScaledSums> sums;
  for (const double value : values) {
    int exponent = 0;
    const auto mantissa = static_cast<std::int64_t>(std::ldexp(std::frexp(value, &exponent), digits));
    ScaledSums& of_exponent = sums[exponent - digits];
    const Wide square = static_cast<Wide>(static_cast<__int128>(mantissa) * mantissa);
    of_exponent.exponent = exponent - digits;
    of_exponent.value += mantissa;
    of_exponent.square_low += static_cast<std::uint64_t>(square);
    of_exponent.square_high += square >> 64;
  }
  std::vector<ScaledSums> all;
  for (const auto& [exponent, of_exponent] : sums) all.push_back(of_exponent);
  return all;
}

/// value * 2^exponent.
cpp_rational scaled(const cpp_int& value, int exponent) {
  return exponent >= 0 ? cpp_rational(value << exponent) : cpp_rational(value, cpp_int(1) << -exponent);
}

}  // namespace

Moments moments(std::span<const double> values, mpi::Communicator& communicator) {
  const std::int64_t count = communicator.sum(static_cast<std::int64_t>(values.size()));
  cpp_rational sum = 0;
  cpp_rational square = 0;
  const std::vector<ScaledSums> own = scaled_sums_of(values);
  for (const ScaledSums& sums : communicator.all_gather_varying(std::span<const ScaledSums>(own))) {
    sum += scaled(cpp_int(sums.value), sums.exponent);
    square += scaled((cpp_int(sums.square_high) << 64) + cpp_int(sums.square_low), 2 * sums.exponent);
  }
  if (count == 0) return {};
  const cpp_rational mean = sum / count;
  const cpp_rational variance = square / count - mean * mean;
  return {mean.convert_to<double>(), std::sqrt(variance.convert_to<double>())};
}

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
