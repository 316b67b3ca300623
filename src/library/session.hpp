#pragma once

#include <mutex>

#include "mpi/communicator.hpp"

namespace gemel::library {

/// All ranks of the job; of a program that mpirun has not started, it alone. The first call initialises MPI, unless the program has,
/// and then the end of the program finalises it. The first call is collective.
mpi::Communicator& world();

/// Before anything may be logged: "warning" to standard error, until set_log_level() says otherwise.
void set_up_log();

/// Held by whoever reads or writes HDF5 files, whose library serves one thread at a time.
std::unique_lock<std::mutex> hold_files();

}  // namespace gemel::library
