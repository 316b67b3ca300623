#pragma once

#include "base/place.hpp"
#include "mpi/error.hpp"

namespace gemel::mpi {

/// Calls an MPI function that may wait for other ranks, so that a watchdog knows of it. `name` is a literal: "MPI_Allreduce". Throws
/// MpiError.
template <class Function>
void wait_in(const char* name, const Function& function) {
  base::Place& place = base::Place::of_process();
  place.begin_waiting(name);
  const int status = function();
  place.end_waiting();
  check(status, name);
}

}  // namespace gemel::mpi
