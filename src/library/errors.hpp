#pragma once

#include <string>

#include "gemel/error.hpp"
#include "mpi/agreement.hpp"

namespace gemel::library {

/// Throws the class that include/gemel/error.hpp has for this code.
[[noreturn]] void throw_as(ExitCode code, const std::string& message);

/// Calls what serves a public function; errors that ranks have agreed on become those that the public headers name.
template <class Action>
auto with_public_errors(const Action& action) -> decltype(action()) {
  try {
    return action();
  } catch (const mpi::AgreedError& error) {
    throw_as(error.code(), error.what());
  }
}

}  // namespace gemel::library
