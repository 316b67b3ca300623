#pragma once

#include <string>

#include "base/error.hpp"

namespace gemel::mpi {

/// An MPI call failed; the message carries MPI's own text.
struct MpiError : base::Error {
  explicit MpiError(const std::string& message) : Error(base::ExitCode::internal, message) {}
};

/// Throws MpiError unless `status` is MPI_SUCCESS. `call` names the MPI function.
void check(int status, const char* call);

}  // namespace gemel::mpi
