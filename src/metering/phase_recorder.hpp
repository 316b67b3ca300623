#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "metering/phase.hpp"

namespace gemel::metering {

/// A stretch of time that one rank spent in a phase.
struct PhaseSpan {
  std::int64_t start = 0;     ///< nanoseconds since the recorder's time zero; may be negative
  std::int64_t duration = 0;  ///< nanoseconds
  std::uint32_t step = 0;     ///< the step of training under way, from 1 on, or the one before; 0: none yet
  Phase phase = Phase::deal;
};

/// Spans of a rank that a trace keeps: those of about 15 000 steps, in 6 MB of memory and at most 25 MB of
/// the file.
inline constexpr std::size_t trace_capacity = std::size_t{1} << 18;

/// Keeps the latest spans of one rank, in the order in which they ended. Takes its memory when it is made.
class PhaseRecorder {
 public:
  using Clock = std::chrono::steady_clock;

  /// Keeps at most `capacity` spans, at least 1.
  PhaseRecorder(std::size_t capacity, Clock::time_point zero);

  /// What is added from now on belongs to this step.
  void begin_step(std::int64_t step) { step_ = static_cast<std::uint32_t>(step); }
  /// Drops the oldest span when there is no room.
  void add(Phase phase, Clock::time_point start, Clock::time_point end) noexcept;

  /// The spans that were kept, oldest first.
  std::vector<PhaseSpan> spans() const;
  /// How many older ones were dropped.
  std::int64_t dropped() const { return added_ - static_cast<std::int64_t>(spans_.size()); }

 private:
  std::size_t capacity_;
  Clock::time_point zero_;
  std::uint32_t step_ = 0;
  std::int64_t added_ = 0;
  std::vector<PhaseSpan> spans_;  // number i of all that were added is at i modulo capacity_
};

}  // namespace gemel::metering
