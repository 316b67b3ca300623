#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/place.hpp"
#include "metering/phase.hpp"
#include "metering/phase_recorder.hpp"

namespace gemel::metering {

/// What is spent in each phase on one rank: seconds of wall time, operations, and how much of the exchanges was waited for.
class PhaseTimer {
 public:
  using Clock = PhaseRecorder::Clock;

  /// Adds the time from its construction to its destruction to one phase.
  class Scope {
   public:
    Scope(PhaseTimer& timer, Phase phase)
        : timer_(timer),
          phase_(phase),
          before_(base::Place::of_process().set_phase(phase_names[static_cast<std::size_t>(phase)].data())),
          start_(Clock::now()) {}
    ~Scope() {
      base::Place::of_process().set_phase(before_);
      timer_.add(phase_, start_, Clock::now());
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    PhaseTimer& timer_;
    Phase phase_;
    const char* before_;
    Clock::time_point start_;
  };

  /// How long the exchanges of a phase were under way in all, in seconds, and how long this rank spent on ending them: on waiting, mostly.
  struct Flight {
    double seconds = 0;
    double waited = 0;
  };

  /// The time from its construction to its destruction is waited for an exchange.
  class Wait {
   public:
    Wait(PhaseTimer& timer, Phase phase) : timer_(timer), phase_(phase), start_(Clock::now()) {}
    ~Wait() { timer_.arrive(phase_, start_); }
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

   private:
    PhaseTimer& timer_;
    Phase phase_;
    Clock::time_point start_;
  };

  /// Hands every scope that ends from now on to `recorder` too, which must outlive them; null: to nobody.
  void record_to(PhaseRecorder* recorder) { recorder_ = recorder; }

  [[nodiscard]] Scope measure(Phase phase) { return {*this, phase}; }

  /// This rank has done so many floating-point operations in `phase`.
  void add_operations(Phase phase, std::int64_t count) {
    operations_[static_cast<std::size_t>(phase)] += count;
  }

  /// An exchange of `phase` begins.
  void depart(Phase phase) { departures_[static_cast<std::size_t>(phase)] = Clock::now(); }
  /// This rank waits for the exchange of `phase` that began last, until the returned object goes: then it has ended.
  [[nodiscard]] Wait await(Phase phase) { return {*this, phase}; }

  double seconds(Phase phase) const { return seconds_[static_cast<std::size_t>(phase)]; }
  const std::array<double, phase_names.size()>& all() const { return seconds_; }
  const std::array<std::int64_t, phase_names.size()>& operations() const { return operations_; }
  const std::array<Flight, phase_names.size()>& flights() const { return flights_; }

 private:
  static double seconds_between(Clock::time_point start, Clock::time_point end) {
    return std::chrono::duration<double>(end - start).count();
  }
  void add(Phase phase, Clock::time_point start, Clock::time_point end) noexcept {
    seconds_[static_cast<std::size_t>(phase)] += seconds_between(start, end);
    if (recorder_ != nullptr) recorder_->add(phase, start, end);
  }
  void arrive(Phase phase, Clock::time_point waiting_since) noexcept {
    const auto now = Clock::now();
    Flight& flight = flights_[static_cast<std::size_t>(phase)];
    flight.seconds += seconds_between(departures_[static_cast<std::size_t>(phase)], now);
    flight.waited += seconds_between(waiting_since, now);
  }

  std::array<double, phase_names.size()> seconds_{};
  std::array<std::int64_t, phase_names.size()> operations_{};
  std::array<Flight, phase_names.size()> flights_{};
  std::array<Clock::time_point, phase_names.size()> departures_{};
  PhaseRecorder* recorder_ = nullptr;
};

}  // namespace gemel::metering
