#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/place.hpp"
#include "mpi/communicator.hpp"
#include "mpi/hang_detector.hpp"
#include "mpi/side_channel.hpp"

namespace gemel::mpi {

/// While it lives, a thread of each rank looks at how long the rank waits for others (wait_in). After the limit it asks the other ranks
/// where they are, by a channel beside MPI, tells on standard error where this rank waits and which ones have not come, and ends the job:
/// every rank, with the code ExitCode::hung. Nothing is sent as long as no rank waits for so long. One object at a time.
class Watchdog {
 public:
  static constexpr std::chrono::seconds usual_limit{600};

  /// Watches over waits for MPI's start, too, when made before it; who is missing is then unknown.
  Watchdog();
  ~Watchdog();  // waits for its own thread alone
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// From now on the other ranks can be asked. Collective.
  void connect(Communicator& world);

  /// Of the object that lives, if one does. 0: ranks may wait for ever.
  static void set_limit(std::chrono::seconds limit);

 private:
  void watch();
  void heed(const SideChannel::Message& message);
  void end_if_others_wait();
  std::vector<std::optional<SideChannel::Message>> call_roll();
  SideChannel::Message message(SideChannel::Kind kind) const;

  SideChannel channel_;
  HangDetector detector_;
  int rank_ = 0;
  int size_ = 1;
  std::atomic<bool> is_connected_ = false;
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

/// What is told of a wait: `mine` is where the rank `rank` is, `others[r]` what rank r answered, if it did, in rank order; `hosts` their
/// machines. Others than this rank are missing when they do not answer, or work. Empty where nothing is known: of one rank.
std::string hang_text(const SideChannel::Message& mine,
                      const std::vector<std::optional<SideChannel::Message>>& others,
                      const std::vector<std::string>& hosts);

}  // namespace gemel::mpi
