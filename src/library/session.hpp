#pragma once

#include "mpi/communicator.hpp"

namespace gemel::library {

/// All ranks of the job; of a program that mpirun has not started, it alone. The first call initialises MPI, unless the program has,
/// and then the end of the program finalises it. The first call is collective.
mpi::Communicator& world();

}  // namespace gemel::library
