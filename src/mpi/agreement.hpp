#pragma once

#include <exception>
#include <functional>
#include <string>

#include "base/error.hpp"
#include "mpi/communicator.hpp"

namespace gemel::mpi {

/// An error that every rank knows of and throws: the ranks can unwind together and one of them reports it.
struct AgreedError : base::Error {
  using Error::Error;
};

/// Runs `action`, which may fail on some ranks only and must not communicate, and lets the ranks agree on the outcome: if
/// it threw on any rank, every rank throws AgreedError with the message and exit code of the lowest such rank.
/// For whatever can go wrong on one rank alone: files, memory, the content of its share of the data. Collective.
void agree(Communicator& communicator, const std::function<void()>& action);

/// The same for an error that was already caught; `failure` is null on ranks where all went well. Collective.
void agree_on(Communicator& communicator, const std::exception_ptr& failure);

}  // namespace gemel::mpi
