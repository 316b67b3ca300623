#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "gemel/base/error.hpp"
#include "gemel/cli/commands.hpp"
#include "gemel/mpi/agreement.hpp"
#include "gemel/mpi/communicator.hpp"
#include "gemel/mpi/environment.hpp"

namespace {

using gemel::base::ExitCode;

/// Ends the job for an error that the other ranks may not know of. An error that all ranks happen to have is
/// told once: the higher ranks wait, so that the lowest one ends the job before they come to speak.
[[noreturn]] void abort_job(int rank, ExitCode code, const std::string& message) {
  std::this_thread::sleep_for(std::chrono::milliseconds(100) * std::min(rank, 20));
  std::cout.flush();
  fmt::print(stderr, "trainer: error on rank {}: {}\n", rank, message);
  std::fflush(stderr);
  gemel::mpi::Environment::abort(static_cast<int>(code));
}

int run(const std::vector<std::string>& arguments, gemel::mpi::Communicator& world) {
  try {
    return gemel::cli::run(arguments, world, std::cout);
  } catch (const gemel::mpi::AgreedError& error) {
    std::cout.flush();
    if (world.is_root()) fmt::print(stderr, "trainer: error: {}\n", error.what());
    return static_cast<int>(error.code());
  } catch (const gemel::base::Error& error) {
    abort_job(world.rank(), error.code(), error.what());
  } catch (const std::bad_alloc&) {
    abort_job(world.rank(), ExitCode::internal, "out of memory; use more ranks or a smaller --batch-size");
  } catch (const std::exception& error) {
    abort_job(world.rank(), ExitCode::internal, error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  gemel::mpi::Environment environment(argc, argv);
  auto world = gemel::mpi::Communicator::world();
  const int exit_code = run(std::vector<std::string>(argv + 1, argv + argc), world);
  std::cout.flush();
  std::fflush(stderr);
  return exit_code;
}
