#include "gemel/mpi/pending.hpp"

#include "gemel/mpi/error.hpp"

namespace gemel::mpi {

Pending::~Pending() {
  if (!requests_.empty()) {
    MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE);
  }
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
