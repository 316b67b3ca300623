#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace gemel::base {

/// The parts of a run whose time is told apart, in the order of a training step.
enum class Phase {
  deal,
  gather,
  lookup,
  forward,
  share,
  loss,
  reduce,
  backward,
  exchange,
  update,
  evaluation,
  checkpoint
};

inline constexpr std::array<std::string_view, 12> phase_names = {
    "deal",   "gather",   "lookup",   "forward", "share",      "loss",
    "reduce", "backward", "exchange", "update",  "evaluation", "checkpoint"};

/// Seconds of wall time spent in each phase, on one rank.
class PhaseTimer {
 public:
  using Clock = std::chrono::steady_clock;

  /// Adds the time from its construction to its destruction to one phase.
  class Scope {
   public:
    Scope(PhaseTimer& timer, Phase phase) : timer_(timer), phase_(phase), start_(Clock::now()) {}
    ~Scope() { timer_.add(phase_, std::chrono::duration<double>(Clock::now() - start_).count()); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    PhaseTimer& timer_;
    Phase phase_;
    Clock::time_point start_;
  };

  [[nodiscard]] Scope measure(Phase phase) { return {*this, phase}; }
  void add(Phase phase, double seconds) { seconds_[static_cast<std::size_t>(phase)] += seconds; }
  double seconds(Phase phase) const { return seconds_[static_cast<std::size_t>(phase)]; }
  const std::array<double, phase_names.size()>& all() const { return seconds_; }

 private:
  std::array<double, phase_names.size()> seconds_{};
};

}  // namespace gemel::base
