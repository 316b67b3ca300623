#pragma once

namespace gemel::run {

/// While it lives, SIGUSR1 and SIGTERM no longer end the process but ask the training to stop at the next step: batch systems
/// send them some time before they end a job. A second SIGTERM ends the process at once. One object at a time.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Whether this process has been asked to stop.
  static bool received();
};

}  // namespace gemel::run
