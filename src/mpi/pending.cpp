#include "mpi/pending.hpp"

#include <chrono>
#include <exception>

#include "mpi/error.hpp"

namespace gemel::mpi {

namespace {

/// Transfers of ranks that all have the same exception end within milliseconds.
constexpr auto patience = std::chrono::seconds(2);

}  // namespace

Pending::~Pending() {
  if (requests_.empty()) return;
  const auto count = static_cast<int>(requests_.size());
  if (std::uncaught_exceptions() == 0) {
    MPI_Waitall(count, requests_.data(), MPI_STATUSES_IGNORE);
    return;
  }
  const auto start = std::chrono::steady_clock::now();
  for (int done = 0; done == 0 && std::chrono::steady_clock::now() - start < patience;)
    if (MPI_Testall(count, requests_.data(), &done, MPI_STATUSES_IGNORE) != MPI_SUCCESS) return;
}

void Pending::wait() {
  if (requests_.empty()) return;
  check(MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE),
        "MPI_Waitall");
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
