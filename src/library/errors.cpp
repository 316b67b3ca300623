#include "library/errors.hpp"

namespace gemel::library {

void throw_as(ExitCode code, const std::string& message) {
  switch (code) {
    case ExitCode::usage:
      throw UsageError(message);
    case ExitCode::data:
      throw DataError(message);
    case ExitCode::checkpoint:
      throw CheckpointError(message);
    case ExitCode::diverged:
      throw DivergedError(message);
    case ExitCode::output:
      throw OutputError(message);
    default:
      throw Error(code, message);
  }
}

}  // namespace gemel::library
