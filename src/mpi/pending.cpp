#include "mpi/pending.hpp"

#include <chrono>
#include <cstdio>
#include <exception>

#include "base/error.hpp"
#include "mpi/environment.hpp"
#include "mpi/error.hpp"
#include "mpi/waiting.hpp"

namespace gemel::mpi {

namespace {

/// Transfers of ranks that all have the same exception end within milliseconds.
constexpr auto patience = std::chrono::seconds(2);
/// And those that nobody waited for on a path without one.
constexpr auto most_patience = std::chrono::seconds(8);

}  // namespace

Pending::~Pending() {
  if (requests_.empty()) return;
  const auto count = static_cast<int>(requests_.size());
  const bool is_failing = std::uncaught_exceptions() > 0;
  const auto end = std::chrono::steady_clock::now() + (is_failing ? patience : most_patience);
  for (int done = 0; done == 0;) {
    if (MPI_Testall(count, requests_.data(), &done, MPI_STATUSES_IGNORE) != MPI_SUCCESS) return;
    if (done != 0 || std::chrono::steady_clock::now() < end) continue;
    if (is_failing) return;
    // MPI would write into memory that is somebody else's by then.
    std::fputs("trainer: error: a transfer was given up that other ranks do not end\n", stderr);
    Environment::abort(static_cast<int>(base::ExitCode::internal));
  }
}

void Pending::wait() {
  if (requests_.empty()) return;
  wait_in("MPI_Waitall", [&] {
    return MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE);
  });
  requests_.clear();
}

bool Pending::progress() {
  if (requests_.empty()) return true;
  int done = 0;
  check(MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &done, MPI_STATUSES_IGNORE),
        "MPI_Testall");
  if (done != 0) requests_.clear();
  return done != 0;
}

}  // namespace gemel::mpi
