#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/error.hpp"

namespace gemel {

/// The error that `action` ends in, by its code and message.
struct Failure {
  base::ExitCode code = base::ExitCode::success;
  std::string message;
};

template <class Action>
Failure failure_of(Action action) {
  try {
    action();
  } catch (const base::Error& error) {
    return {error.code(), error.what()};
  }
  ADD_FAILURE() << "no error was thrown";
  return {};
}

}  // namespace gemel
