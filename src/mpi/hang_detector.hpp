#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace gemel::mpi {

/// Tells from looks at a process, in which it is at `turns` (base::Place), how long it has been in one wait.
class HangDetector {
 public:
  using Duration = std::chrono::steady_clock::duration;
  using TimePoint = std::chrono::steady_clock::time_point;

  /// A look counts as much as passed since the one before, but not more than `most`: a process that was stopped and goes on has not
  /// waited all the while.
  explicit HangDetector(Duration most) : most_(most) {}

  void look(std::uint64_t turns, TimePoint now) {
    if (turns != turns_) {
      turns_ = turns;
      in_place_ = Duration::zero();
    } else if (last_ != TimePoint()) {
      in_place_ += std::min(now - last_, most_);
    }
    last_ = now;
  }

  /// Since the process was first seen at the turn of the last look: waiting or working.
  Duration in_place() const { return in_place_; }
  bool waits() const { return turns_ % 2 == 1; }
  bool has_waited(Duration limit) const { return waits() && in_place_ >= limit; }

 private:
  Duration most_;
  Duration in_place_ = Duration::zero();
  std::uint64_t turns_ = 0;
  TimePoint last_;
};

}  // namespace gemel::mpi
