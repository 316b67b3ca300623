#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.hpp"
#include "cli/train_options.hpp"
#include "mpi/communicator.hpp"

namespace gemel::cli {

using Arguments = std::vector<std::string>;

/// Arguments that are refused, and what the message must say.
struct BadCase {
  Arguments arguments;
  std::string start;    // how the message begins: where the value was given
  std::string allowed;  // what it says is allowed
};

inline ParsedTrainOptions parse(const Arguments& arguments) {
  auto self = mpi::Communicator::self();
  ParsedTrainOptions parsed = parse_train_options(arguments, self);
  if (parsed.earlier) parsed.earlier->close();
  return parsed;
}

/// The message of the error that the arguments cause, which must be a usage error.
inline std::string error_of(const Arguments& arguments) {
  try {
    parse(arguments);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::ExitCode::usage);
    return error.what();
  }
  return "no error";
}

}  // namespace gemel::cli
