#pragma once

#include <string>
#include <string_view>

namespace gemel::base {

/// While it lives, signals no longer end the process but ask a training for something, as batch systems do some time before they end a
/// job:
///
///   SIGTERM, SIGINT, SIGHUP, SIGUSR1   write a checkpoint at the next step and stop
///   SIGUSR2                            write a checkpoint at the next step and go on
///
/// A second one of SIGTERM, SIGINT and SIGHUP ends the process at once. One that follows within 50 ms does not count: a signal to a
/// whole group of processes comes twice where one of them passes it on. A SIGHUP that is ignored already (nohup) stays so. Objects may be
/// nested: the outermost one counts. To be made and destroyed on one thread.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Whether this process has been asked to stop.
  static bool asks_to_stop();
  /// Of the signal that asked first: "SIGTERM"; or "a signal" where none has.
  static std::string name();
  /// Whether it has been asked for a checkpoint, without stopping, since the last call of `forget_checkpoint`.
  static bool asks_for_checkpoint();
  static void forget_checkpoint();
};

/// Throws Error (interrupted) where this process has been asked to stop. For what takes long before there is anything to save, such as
/// `doing` "while reading the data", and where the ranks agree on what fails on one of them.
void throw_if_asked_to_stop(std::string_view doing);

/// From now on SIGTERM, SIGINT and SIGHUP end the process as they would, but only after files that are not whole are removed
/// (UnfinishedFile). SIGUSR1 and SIGUSR2, which mean something to a training alone, do nothing.
void end_without_unfinished_files();

}  // namespace gemel::base
