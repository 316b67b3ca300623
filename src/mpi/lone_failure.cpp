#include "mpi/lone_failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <new>
#include <string>
#include <thread>

#include "base/error.hpp"
#include "mpi/agreement.hpp"
#include "mpi/environment.hpp"

namespace gemel::mpi {
namespace {

using base::ExitCode;

[[noreturn]] void tell_and_end(int rank, ExitCode code, const char* message) {
  std::this_thread::sleep_for(std::chrono::milliseconds(100) * std::min(rank, 20));
  std::cout.flush();
  fmt::print(stderr, "trainer: error on rank {}: {}\n", rank, message);
  std::fflush(stderr);
  Environment::abort(static_cast<int>(code));
}

}  // namespace

void end_job(int rank, const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const base::Error& error) {
    tell_and_end(rank, error.code(), error.what());
  } catch (const std::bad_alloc&) {
    tell_and_end(rank, ExitCode::internal, "out of memory; use more ranks or a smaller --batch-size");
  } catch (const std::exception& error) {
    tell_and_end(rank, ExitCode::internal, error.what());
  } catch (...) {
    tell_and_end(rank, ExitCode::internal, "an exception of an unknown kind");
  }
}

void or_end_job(const Communicator& communicator, const std::function<void()>& action) {
  try {
    action();
  } catch (const AgreedError&) {
    throw;
  } catch (...) {
    if (communicator.size() == 1) throw;  // nobody waits
    end_job(communicator.rank(), std::current_exception());
  }
}

}  // namespace gemel::mpi
