#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/random.hpp"

namespace gemel::ingest {

/// Independent draws for numbered things: draw `counter` of one purpose.
class SyntheticDraws {
 public:
  SyntheticDraws(std::uint64_t seed, std::string_view purpose) : key_(base::random_key(seed, purpose)) {}

  /// Uniform in [0, 1).
  double uniform(std::int64_t counter) const {
    return base::random_double(key_, static_cast<std::uint64_t>(counter));
  }
  /// Uniform in [0, bound).
  std::int64_t below(std::int64_t bound, std::int64_t counter) const {
    return scale(uniform(counter), bound);
  }

  /// Maps [0, 1) to [0, bound).
  static std::int64_t scale(double uniform, std::int64_t bound) {
    return std::min(static_cast<std::int64_t>(uniform * static_cast<double>(bound)), bound - 1);
  }

 private:
  std::uint64_t key_;
};

/// Zipf's law over the places 0, 1, ... of a list, nearly: place p has the probability log((p + 2) / (p + 1)) / log(size + 1), which
/// falls as 1 / (p + 1.5). It can be drawn in constant time for any size.
class ZipfPlaces {
 public:
  explicit ZipfPlaces(std::int64_t size) : size_(size), log_(std::log1p(static_cast<double>(size))) {}

  /// The place that `uniform` in [0, 1) chooses.
  std::int64_t place(double uniform) const {
    return std::min(static_cast<std::int64_t>(std::expm1(uniform * log_)), size_ - 1);
  }
  double probability(std::int64_t place) const {
    return std::log1p(1 / static_cast<double>(place + 1)) / log_;
  }

 private:
  std::int64_t size_;
  double log_;
};

}  // namespace gemel::ingest
