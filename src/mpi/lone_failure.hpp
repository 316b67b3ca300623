#pragma once

#include <exception>
#include <functional>

#include "mpi/communicator.hpp"

namespace gemel::mpi {

/// Ends the job of all ranks because of `failure`, of which the other ranks may not know: tells the rank and the reason on standard
/// error, and exits with the code of a base::Error, else with that of an internal error. A failure that all ranks happen to have is told once: the
/// higher ranks wait, so that the lowest one ends the job before they come to speak.
[[noreturn]] void end_job(int rank, const std::exception_ptr& failure);

/// Runs `action`, in which ranks wait for each other. On one rank of several, an exception that is not an AgreedError ends the job here:
/// further up it would unwind objects that wait for the other ranks, which wait for this one. What `action` uses and waits in its
/// destructor should have been made outside of it.
void or_end_job(const Communicator& communicator, const std::function<void()>& action);

}  // namespace gemel::mpi
