#include "support/sent_bytes.hpp"

#include <mpi.h>

#include <algorithm>

namespace {

std::int64_t total = 0;
std::int64_t largest = 0;

int size_of(MPI_Comm communicator) {
  int size = 0;
  PMPI_Comm_size(communicator, &size);
  return size;
}

bool is_self(MPI_Comm communicator, int rank) {
  int own = 0;
  PMPI_Comm_rank(communicator, &own);
  return own == rank;
}

/// The bytes that a call has been given.
std::int64_t note_call(int count, MPI_Datatype type) {
  int size = 0;
  PMPI_Type_size(type, &size);
  const std::int64_t bytes = std::int64_t{count} * size;
  largest = std::max(largest, bytes);
  return bytes;
}

}  // namespace

std::int64_t gemel::test::sent_bytes() {
  return total;
}

std::int64_t gemel::test::largest_call() {
  return largest;
}

void gemel::test::forget_largest_call() {
  largest = 0;
}

extern "C" {

int MPI_Isend(const void* buffer, int count, MPI_Datatype type, int target, int tag, MPI_Comm communicator,
              MPI_Request* request) {
  const std::int64_t bytes = note_call(count, type);
  if (!is_self(communicator, target)) total += bytes;
  return PMPI_Isend(buffer, count, type, target, tag, communicator, request);
}

int MPI_Allgather(const void* send, int send_count, MPI_Datatype send_type, void* receive, int receive_count,
                  MPI_Datatype receive_type, MPI_Comm communicator) {
  total += note_call(send_count, send_type) * (size_of(communicator) - 1);
  return PMPI_Allgather(send, send_count, send_type, receive, receive_count, receive_type, communicator);
}

int MPI_Alltoall(const void* send, int send_count, MPI_Datatype send_type, void* receive, int receive_count,
                 MPI_Datatype receive_type, MPI_Comm communicator) {
  total += note_call(send_count, send_type) * (size_of(communicator) - 1);
  return PMPI_Alltoall(send, send_count, send_type, receive, receive_count, receive_type, communicator);
}

int MPI_Bcast(void* buffer, int count, MPI_Datatype type, int root, MPI_Comm communicator) {
  const std::int64_t bytes = note_call(count, type);
  if (is_self(communicator, root)) total += bytes * (size_of(communicator) - 1);
  return PMPI_Bcast(buffer, count, type, root, communicator);
}

int MPI_Allreduce(const void* values, void* result, int count, MPI_Datatype type, MPI_Op operation,
                  MPI_Comm communicator) {
  note_call(count, type);
  return PMPI_Allreduce(values, result, count, type, operation, communicator);
}

}  // extern "C"
