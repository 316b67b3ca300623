#pragma once

#include <stdexcept>
#include <string>

#include "gemel/export.hpp"

namespace gemel {

/// What the process returns to the shell. Scripts rely on the numbers.
enum class ExitCode : int {
  success = 0,
  internal = 1,     ///< a bug in gemel, or a failure of MPI or the machine
  usage = 2,        ///< an option, or a combination of options, that cannot be
  data = 3,         ///< the data set: missing, malformed, empty
  checkpoint = 4,   ///< a checkpoint or its directory: unreadable, damaged, of another model, not writable
  diverged = 5,     ///< the loss, a gradient or a weight became infinite or not a number
  interrupted = 6,  ///< stopped by a signal, after a checkpoint if a step was done; use --resume auto
  output = 7,       ///< a file for the user cannot be written, or exists already
  differs = 8,      ///< `trainer diff` has found a difference
  hung = 9,         ///< a rank was waited for in vain (--hang-timeout)
};

/// Base of every error that gemel reports. `what()` says what is wrong, where, and what to do about it.
class GEMEL_API Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

struct GEMEL_API UsageError : Error {
  explicit UsageError(const std::string& message) : Error(ExitCode::usage, message) {}
};

struct GEMEL_API DataError : Error {
  explicit DataError(const std::string& message) : Error(ExitCode::data, message) {}
};

struct GEMEL_API CheckpointError : Error {
  explicit CheckpointError(const std::string& message) : Error(ExitCode::checkpoint, message) {}
};

struct GEMEL_API DivergedError : Error {
  explicit DivergedError(const std::string& message) : Error(ExitCode::diverged, message) {}
};

struct GEMEL_API OutputError : Error {
  explicit OutputError(const std::string& message) : Error(ExitCode::output, message) {}
};

/// A broken promise between parts of gemel: a bug, not the user's doing.
struct GEMEL_API InternalError : Error {
  explicit InternalError(const std::string& message) : Error(ExitCode::internal, message) {}
};

}  // namespace gemel
