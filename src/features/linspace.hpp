#pragma once

#include <cstdint>

namespace gemel::features {

/// `count` (>= 2) points from `first` to `last`, with the rounding of numpy.linspace: first + i * step, and
/// exactly `last`. Takes no memory for them.
class Linspace {
 public:
  Linspace(double first, double last, std::int64_t count);

  std::int64_t count() const { return count_; }
  double point(std::int64_t i) const {
    return i + 1 == count_ ? last_ : static_cast<double>(i) * step_ + first_;
  }
  /// How many points are not above `value`: where numpy.searchsorted(points, value, side="right") puts it.
  std::int64_t count_not_above(double value) const;

 private:
  double first_;
  double last_;
  std::int64_t count_;
  double step_;
};

}  // namespace gemel::features
