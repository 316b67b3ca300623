#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "metering/phase_recorder.hpp"
#include "mpi/communicator.hpp"

namespace gemel::report {

/// When all ranks' time is zero, on the clock of the calling rank: the moment in which they leave a barrier.
/// Every rank's clock is set against root's by the median over several barriers, so what remains is by how
/// much ranks leave a barrier apart: microseconds, or up to a time slice of the scheduler where ranks share
/// cores. Clocks of different hosts that nothing disciplines drift apart afterwards, by some microseconds a
/// second. Collective.
metering::PhaseRecorder::Clock::time_point common_zero(mpi::Communicator& communicator);

/// A file in the Trace Event Format, which ui.perfetto.dev and chrome://tracing show: a process for each
/// rank, and in it a complete event ("X", in microseconds) for each span of its recorder. Events of the
/// category "step" are of a step of training, "epoch" are deal, evaluation and checkpoint; instant events of
/// the category "marker" stand where a rank's next step begins. "otherData" has the number of ranks and, by
/// rank, of spans that were dropped.
class TraceFile {
 public:
  /// Opens the file on root, so that one that cannot be written is found out before the training, and sets
  /// time zero. What the file holds stays until write(). Throws AgreedError (usage) on all ranks. Collective.
  TraceFile(const std::string& path, mpi::Communicator& communicator,
            std::size_t capacity = metering::trace_capacity);

  /// The calling rank's.
  metering::PhaseRecorder& recorder() { return recorder_; }

  /// Replaces the file by what all ranks have recorded so far. A failure is told as a warning: a trace is not
  /// worth the training. Collective.
  void write();

 private:
  /// Where spans were dropped, by rank. `kept` is how many are left.
  void warn_of(const std::vector<std::int64_t>& dropped, std::size_t kept) const;

  std::string path_;
  mpi::Communicator& communicator_;
  std::ofstream file_;  // of root
  metering::PhaseRecorder recorder_;
};

}  // namespace gemel::report
