#pragma once

#include <array>
#include <chrono>
#include <cstddef>

#include "gemel/base/phase.hpp"
#include "gemel/base/phase_recorder.hpp"

namespace gemel::base {

/// Seconds of wall time spent in each phase, on one rank.
class PhaseTimer {
 public:
  using Clock = PhaseRecorder::Clock;

  /// Adds the time from its construction to its destruction to one phase.
  class Scope {
   public:
    Scope(PhaseTimer& timer, Phase phase) : timer_(timer), phase_(phase), start_(Clock::now()) {}
    ~Scope() { timer_.add(phase_, start_, Clock::now()); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    PhaseTimer& timer_;
    Phase phase_;
    Clock::time_point start_;
  };

  /// Hands every scope that ends from now on to `recorder` too, which must outlive them; null: to nobody.
  void record_to(PhaseRecorder* recorder) { recorder_ = recorder; }

  [[nodiscard]] Scope measure(Phase phase) { return {*this, phase}; }
  double seconds(Phase phase) const { return seconds_[static_cast<std::size_t>(phase)]; }
  const std::array<double, phase_names.size()>& all() const { return seconds_; }

 private:
  void add(Phase phase, Clock::time_point start, Clock::time_point end) noexcept {
    seconds_[static_cast<std::size_t>(phase)] += std::chrono::duration<double>(end - start).count();
    if (recorder_ != nullptr) recorder_->add(phase, start, end);
  }

  std::array<double, phase_names.size()> seconds_{};
  PhaseRecorder* recorder_ = nullptr;
};

}  // namespace gemel::base
