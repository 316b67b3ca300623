#pragma once

#include <mpi.h>

#include <vector>

namespace gemel::mpi {

/// Nonblocking transfers under way. Their buffers must stay where they are until `wait` has returned. Reuse one object for
/// the same transfer every step: its memory is kept.
///
/// Between two ranks, transfers of one tag meet in the order in which each of the two began them. Those that are under way at once
/// need tags of their own, unless all ranks begin them in the same order. 0 is for transfers that are waited for at once.
class Pending {
 public:
  explicit Pending(int tag = 0) : tag_(tag) {}
  /// Waits, so that no buffer is freed under a transfer, but not for ever. Errors are lost here: call `wait` on every normal path. While an
  /// exception passes it waits for two seconds at most: a rank that fails alone is about to end the job (end_job). Otherwise a transfer that
  /// is under way after eight seconds ends the job here.
  ~Pending();
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  /// Returns once every transfer is complete. Does nothing when none is under way.
  void wait();
  /// Gives MPI a chance to move data while this rank computes. True when nothing is under way any more.
  bool progress();

  int tag() const { return tag_; }
  /// A new request, to be filled in by an MPI call.
  MPI_Request& add() { return requests_.emplace_back(MPI_REQUEST_NULL); }
  bool idle() const { return requests_.empty(); }

 private:
  int tag_;
  std::vector<MPI_Request> requests_;
};

}  // namespace gemel::mpi
