#include "support/sent_bytes.hpp"

#include <mpi.h>

namespace {

std::int64_t total = 0;

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

std::int64_t bytes(int count, MPI_Datatype type) {
  int size = 0;
  PMPI_Type_size(type, &size);
  return std::int64_t{count} * size;
}

}  // namespace

std::int64_t gemel::test::sent_bytes() {
  return total;
}

extern "C" {

int MPI_Isend(const void* buffer, int count, MPI_Datatype type, int target, int tag, MPI_Comm communicator,
              MPI_Request* request) {
  if (!is_self(communicator, target)) total += bytes(count, type);
  return PMPI_Isend(buffer, count, type, target, tag, communicator, request);
}

int MPI_Allgather(const void* send, int send_count, MPI_Datatype send_type, void* receive, int receive_count,
                  MPI_Datatype receive_type, MPI_Comm communicator) {
  total += bytes(send_count, send_type) * (size_of(communicator) - 1);
  return PMPI_Allgather(send, send_count, send_type, receive, receive_count, receive_type, communicator);
}

int MPI_Alltoall(const void* send, int send_count, MPI_Datatype send_type, void* receive, int receive_count,
                 MPI_Datatype receive_type, MPI_Comm communicator) {
  total += bytes(send_count, send_type) * (size_of(communicator) - 1);
  return PMPI_Alltoall(send, send_count, send_type, receive, receive_count, receive_type, communicator);
}

int MPI_Bcast(void* buffer, int count, MPI_Datatype type, int root, MPI_Comm communicator) {
  if (is_self(communicator, root)) total += bytes(count, type) * (size_of(communicator) - 1);
  return PMPI_Bcast(buffer, count, type, root, communicator);
}

}  // extern "C"
