#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace gemel::base {

/// Where a process is in its work: written by the thread that works, read by any. There is one of a process, as there is one such thread:
/// what watches over waits has to know it whatever calls what.
class Place {
 public:
  /// What can be sent to other processes.
  struct Report {
    std::uint64_t turns = 0;          ///< grows with every wait that begins or ends; odd: it waits
    std::int64_t step = 0;            ///< of the run; 0: before the first
    bool rests = false;               ///< it has nothing to do until the others have ended
    std::array<char, 24> call{};      ///< the last one that waited: "MPI_Allreduce"
    std::array<char, 16> phase{};     ///< of a step: "exchange"; "" between phases
    std::array<char, 64> activity{};  ///< "reading the data"; ""

    bool waits() const { return turns % 2 == 1; }
  };

  static Place& of_process();

  // By the thread that works. Texts must be literals, but for an activity.
  void begin_waiting(const char* call) {
    call_.store(call, std::memory_order_relaxed);
    turn();
  }
  void end_waiting() { turn(); }
  /// Returns the one before.
  const char* set_phase(const char* phase) {
    const char* const before = phase_.load(std::memory_order_relaxed);
    phase_.store(phase, std::memory_order_relaxed);
    return before;
  }
  void set_step(std::int64_t step) { step_.store(step, std::memory_order_relaxed); }
  void set_activity(std::string_view activity);
  void set_resting(bool rests) { rests_ = rests; }

  // By any thread.
  std::uint64_t turns() const { return turns_.load(std::memory_order_relaxed); }
  Report report() const;

 private:
  void turn() { turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }

  std::atomic<std::uint64_t> turns_ = 0;
  std::atomic<const char*> call_ = "";
  std::atomic<const char*> phase_ = "";
  std::atomic<std::int64_t> step_ = 0;
  std::atomic<bool> rests_ = false;
  mutable std::mutex mutex_;
  std::string activity_;
};

}  // namespace gemel::base
