#pragma once

#include <algorithm>
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
  std::int64_t count_not_above(double value) const {
    if (!(value >= first_)) return 0;  // so, too, of NaN
    if (value >= last_) return count_;
    // It is here, but for what rounding does to close points.
    const auto guess = std::min(static_cast<std::int64_t>((value - first_) / step_), count_ - 2);
    return point(guess) <= value && value < point(guess + 1) ? guess + 1 : search(value, guess);
  }

 private:
  /// The same for a value between the first point and the last, which is looked for from point `guess` on.
  std::int64_t search(double value, std::int64_t guess) const;

  double first_;
  double last_;
  std::int64_t count_;
  double step_;
};

}  // namespace gemel::features
