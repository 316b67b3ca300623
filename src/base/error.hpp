#pragma once

#include "gemel/error.hpp"

namespace gemel::base {

using gemel::CheckpointError;
using gemel::DataError;
using gemel::DivergedError;
using gemel::Error;
using gemel::ExitCode;
using gemel::InternalError;
using gemel::OutputError;
using gemel::UsageError;

/// Throws InternalError with `message` unless `condition` holds. For preconditions.
inline void require(bool condition, const char* message) {
  if (!condition) throw InternalError(message);
}

}  // namespace gemel::base
