#include "metering/phase_recorder.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace gemel::metering {

PhaseRecorder::PhaseRecorder(std::size_t capacity, Clock::time_point zero)
    : capacity_(capacity), zero_(zero) {
  base::require(capacity > 0, "phase recorder: room for one span at least");
  spans_.reserve(capacity);
}

void PhaseRecorder::add(Phase phase, Clock::time_point start, Clock::time_point end) noexcept {
  using std::chrono::nanoseconds;
  const PhaseSpan span = {std::chrono::duration_cast<nanoseconds>(start - zero_).count(),
                          std::chrono::duration_cast<nanoseconds>(end - start).count(), step_, phase};
  if (spans_.size() < capacity_) {
    spans_.push_back(span);
  } else {
    spans_[static_cast<std::size_t>(added_) % capacity_] = span;
  }
  ++added_;
}

std::vector<PhaseSpan> PhaseRecorder::spans() const {
  std::vector<PhaseSpan> ordered = spans_;
  const std::size_t oldest = dropped() > 0 ? static_cast<std::size_t>(added_) % capacity_ : 0;
  std::ranges::rotate(ordered, ordered.begin() + static_cast<std::ptrdiff_t>(oldest));
  return ordered;
}

}  // namespace gemel::metering
