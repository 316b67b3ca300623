#pragma once

#include <mpi.h>

#include <vector>

namespace gemel::mpi {

/// Nonblocking transfers under way. Their buffers must stay where they are until `wait` has returned. Reuse one object for
/// the same transfer every step: its memory is kept.
class Pending {
 public:
  Pending() = default;
  /// Waits, so that no buffer is freed under a transfer. Errors are lost here: call `wait` on every normal path. While an exception passes
  /// it waits for two seconds at most: a rank that fails alone would wait for others for ever, and is about to end the job (end_job).
  ~Pending();
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  /// Returns once every transfer is complete. Does nothing when none is under way.
  void wait();
  /// Gives MPI a chance to move data while this rank computes. True when nothing is under way any more.
  bool progress();

  /// A new request, to be filled in by an MPI call.
  MPI_Request& add() { return requests_.emplace_back(MPI_REQUEST_NULL); }
  bool idle() const { return requests_.empty(); }

 private:
  std::vector<MPI_Request> requests_;
};

}  // namespace gemel::mpi
