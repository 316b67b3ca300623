#include "mpi/communicator.hpp"

#include <algorithm>
#include <bit>
#include <climits>
#include <cstring>
#include <utility>

#include "base/error.hpp"
#include "mpi/error.hpp"
#include "mpi/waiting.hpp"

namespace gemel::mpi {
namespace {

/// The checked narrowing of a byte count to what MPI takes. Callers cut their buffers into pieces first.
int to_count(std::size_t bytes) {
  base::require(bytes <= INT_MAX, "mpi: a count does not fit MPI's int");
  return static_cast<int>(bytes);
}

template <class T>
constexpr MPI_Datatype datatype() {
  if constexpr (std::is_same_v<T, std::int64_t>) {
    return MPI_INT64_T;
  } else {
    static_assert(std::is_same_v<T, double>);
    return MPI_DOUBLE;
  }
}

/// Of Communicator::self(), on whose behalf MPI is never called: it may not be initialised.
bool is_alone(MPI_Comm handle) {
  return handle == MPI_COMM_NULL;
}

/// Calls function(piece) for pieces of at most `largest` elements.
template <class Element, class Function>
void for_each_piece(std::span<Element> elements, std::size_t largest, Function function) {
  for (std::size_t start = 0; start < elements.size(); start += largest) {
    function(elements.subspan(start, std::min(largest, elements.size() - start)));
  }
}

/// A piece shorter than the largest ends a message, so that a receiver who does not know its length knows when it has all of it.
template <class Byte, class Function>
void for_each_piece_of_message(std::span<Byte> bytes, std::size_t largest, Function function) {
  for_each_piece(bytes, largest, function);
  if (bytes.size() % largest == 0) function(bytes.last(0));
}

}  // namespace

Communicator::Communicator(MPI_Comm handle) : handle_(handle) {
  if (is_alone(handle)) return;
  check(MPI_Comm_set_errhandler(handle_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check(MPI_Comm_rank(handle_, &rank_), "MPI_Comm_rank");
  check(MPI_Comm_size(handle_, &size_), "MPI_Comm_size");
}

Communicator Communicator::split(int number) {
  if (is_alone(handle_)) return self();
  MPI_Comm part = MPI_COMM_NULL;
  wait_in("MPI_Comm_split", [&] { return MPI_Comm_split(handle_, number, rank_, &part); });
  return Communicator(part);
}

Communicator Communicator::on_this_node() {
  if (is_alone(handle_)) return self();
  MPI_Comm node = MPI_COMM_NULL;
  wait_in("MPI_Comm_split_type",
          [&] { return MPI_Comm_split_type(handle_, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &node); });
  return Communicator(node);
}

Communicator Communicator::world() {
  MPI_Comm handle = MPI_COMM_NULL;
  wait_in("MPI_Comm_dup", [&] { return MPI_Comm_dup(MPI_COMM_WORLD, &handle); });
  return Communicator(handle);
}

Communicator Communicator::self() {
  return Communicator(MPI_COMM_NULL);
}

Communicator::Communicator(Communicator&& other) noexcept
    : handle_(std::exchange(other.handle_, MPI_COMM_NULL)),
      rank_(other.rank_),
      size_(other.size_),
      bytes_sent_(other.bytes_sent_),
      largest_piece_(other.largest_piece_) {}

Communicator& Communicator::operator=(Communicator&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(rank_, other.rank_);
  std::swap(size_, other.size_);
  std::swap(bytes_sent_, other.bytes_sent_);
  std::swap(largest_piece_, other.largest_piece_);
  return *this;
}

Communicator::~Communicator() {
  // Collective by the letter of MPI, but communicators die in the same order on every rank here, and freeing waits for
  // nobody in practice; after an error on one rank the process ends by MPI_Abort and never comes this way.
  if (is_alone(handle_)) return;
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized == 0) MPI_Comm_free(&handle_);
}

void Communicator::set_largest_piece(std::size_t bytes) {
  base::require(std::has_single_bit(bytes) && 64 <= bytes && bytes <= INT_MAX,
                "mpi: the largest piece is a power of two of at least 64 that fits an int");
  largest_piece_ = bytes;
}

void Communicator::barrier() {
  if (!is_alone(handle_)) wait_in("MPI_Barrier", [&] { return MPI_Barrier(handle_); });
}

void Communicator::start_barrier(Pending& pending) {
  if (!is_alone(handle_)) check(MPI_Ibarrier(handle_, &pending.add()), "MPI_Ibarrier");
}

void Communicator::broadcast_bytes(std::span<std::byte> bytes, int root) {
  if (is_alone(handle_)) return;
  for_each_piece(bytes, largest_piece_, [&](std::span<std::byte> piece) {
    wait_in("MPI_Bcast",
            [&] { return MPI_Bcast(piece.data(), to_count(piece.size()), MPI_BYTE, root, handle_); });
  });
  if (rank_ == root) bytes_sent_ += static_cast<std::int64_t>(bytes.size()) * (size_ - 1);
}

void Communicator::broadcast(std::string& text, int root) {
  std::uint64_t length = text.size();
  broadcast(std::span(&length, 1), root);
  text.resize(length);
  broadcast(std::span(text), root);
}

void Communicator::all_gather_bytes(std::span<const std::byte> mine, std::span<std::byte> all) {
  base::require(all.size() == mine.size() * static_cast<std::size_t>(size_),
                "mpi: all_gather into a wrong size");
  if (!is_alone(handle_) && all.size() <= largest_piece_) {
    const int count = to_count(mine.size());
    wait_in("MPI_Allgather", [&] {
      return MPI_Allgather(mine.data(), count, MPI_BYTE, all.data(), count, MPI_BYTE, handle_);
    });
    bytes_sent_ += static_cast<std::int64_t>(mine.size()) * (size_ - 1);
    return;
  }
  const std::vector<std::size_t> counts(static_cast<std::size_t>(size_), mine.size());
  Pending pending;
  start_all_gather_bytes(mine, all, counts, 1, pending);
  pending.wait();
}

std::vector<std::string> Communicator::all_gather(const std::string& mine) {
  const std::vector<std::size_t> lengths = all_gather(mine.size());
  const std::vector<char> text = all_gather_varying(std::span<const char>(mine));
  std::vector<std::string> all;
  std::size_t start = 0;
  for (const std::size_t length : lengths) {
    all.emplace_back(text.data() + start, length);
    start += length;
  }
  return all;
}

void Communicator::start_all_gather_bytes(std::span<const std::byte> mine, std::span<std::byte> all,
                                          std::span<const std::size_t> counts, std::size_t element,
                                          Pending& pending) {
  base::require(counts.size() == static_cast<std::size_t>(size_), "mpi: one count per rank");
  base::require(counts[static_cast<std::size_t>(rank_)] * element == mine.size(),
                "mpi: all_gather of a wrong count");
  std::size_t start = 0;
  for (int source = 0; source < size_; ++source) {
    const std::size_t bytes = counts[static_cast<std::size_t>(source)] * element;
    base::require(start + bytes <= all.size(), "mpi: all_gather into too small a buffer");
    const std::span<std::byte> place = all.subspan(start, bytes);
    if (source == rank_) {
      // `mine` may already lie in its place.
      if (bytes > 0 && place.data() != mine.data()) std::memcpy(place.data(), mine.data(), bytes);
    } else {
      start_receive(place, source, pending);
    }
    start += bytes;
  }
  for (int step = 1; step < size_; ++step) start_send(mine, (rank_ + step) % size_, pending);
}

void Communicator::start_all_to_all_bytes(std::span<const std::byte> send,
                                          std::span<const std::size_t> send_counts,
                                          std::span<std::byte> receive,
                                          std::span<const std::size_t> receive_counts, std::size_t element,
                                          Pending& pending) {
  const auto ranks = static_cast<std::size_t>(size_);
  base::require(send_counts.size() == ranks && receive_counts.size() == ranks, "mpi: one count per rank");
  std::size_t start = 0;
  std::span<std::byte> kept;
  for (std::size_t source = 0; source < ranks; ++source) {
    const std::size_t bytes = receive_counts[source] * element;
    base::require(start + bytes <= receive.size(), "mpi: all_to_all into too small a buffer");
    const std::span<std::byte> place = receive.subspan(start, bytes);
    if (static_cast<int>(source) == rank_) {
      kept = place;
    } else {
      start_receive(place, static_cast<int>(source), pending);
    }
    start += bytes;
  }
  start = 0;
  for (std::size_t target = 0; target < ranks; ++target) {
    const std::size_t bytes = send_counts[target] * element;
    base::require(start + bytes <= send.size(), "mpi: all_to_all from too small a buffer");
    const std::span<const std::byte> place = send.subspan(start, bytes);
    if (static_cast<int>(target) != rank_) {
      start_send(place, static_cast<int>(target), pending);
    } else if (bytes > 0) {
      base::require(bytes == kept.size(), "mpi: a rank's counts to and from itself differ");
      std::memcpy(kept.data(), place.data(), bytes);
    }
    start += bytes;
  }
}

std::vector<std::size_t> Communicator::exchange_counts(std::span<const std::size_t> send_counts) {
  const auto ranks = static_cast<std::size_t>(size_);
  base::require(send_counts.size() == ranks, "mpi: one count per rank");
  if (is_alone(handle_)) return {send_counts.begin(), send_counts.end()};
  std::vector<std::size_t> receive_counts(ranks);
  constexpr int bytes = sizeof(std::size_t);
  wait_in("MPI_Alltoall", [&] {
    return MPI_Alltoall(send_counts.data(), bytes, MPI_BYTE, receive_counts.data(), bytes, MPI_BYTE, handle_);
  });
  bytes_sent_ += static_cast<std::int64_t>(bytes) * (size_ - 1);
  return receive_counts;
}

void Communicator::start_send(std::span<const std::byte> bytes, int to, Pending& pending) {
  for_each_piece(bytes, largest_piece_, [&](std::span<const std::byte> piece) {
    check(
        MPI_Isend(piece.data(), to_count(piece.size()), MPI_BYTE, to, pending.tag(), handle_, &pending.add()),
        "MPI_Isend");
  });
  bytes_sent_ += static_cast<std::int64_t>(bytes.size());
}

void Communicator::start_receive(std::span<std::byte> bytes, int from, Pending& pending) {
  for_each_piece(bytes, largest_piece_, [&](std::span<std::byte> piece) {
    check(MPI_Irecv(piece.data(), to_count(piece.size()), MPI_BYTE, from, pending.tag(), handle_,
                    &pending.add()),
          "MPI_Irecv");
  });
}

void Communicator::start_message_bytes(int to, std::span<const std::byte> bytes, Pending& pending) {
  for_each_piece_of_message(bytes, largest_piece_, [&](std::span<const std::byte> piece) {
    check(
        MPI_Isend(piece.data(), to_count(piece.size()), MPI_BYTE, to, pending.tag(), handle_, &pending.add()),
        "MPI_Isend");
  });
  bytes_sent_ += static_cast<std::int64_t>(bytes.size());
}

void Communicator::start_receiving_bytes(int from, std::span<std::byte> bytes, Pending& pending) {
  for_each_piece_of_message(bytes, largest_piece_, [&](std::span<std::byte> piece) {
    check(MPI_Irecv(piece.data(), to_count(piece.size()), MPI_BYTE, from, pending.tag(), handle_,
                    &pending.add()),
          "MPI_Irecv");
  });
}

std::size_t Communicator::bytes_coming(int from, int tag) {
  MPI_Status status;
  wait_in("MPI_Probe", [&] { return MPI_Probe(from, tag, handle_, &status); });
  int bytes = 0;
  check(MPI_Get_count(&status, MPI_BYTE, &bytes), "MPI_Get_count");
  return static_cast<std::size_t>(bytes);
}

bool Communicator::receive_piece(int from, int tag, std::span<std::byte> bytes) {
  wait_in("MPI_Recv", [&] {
    return MPI_Recv(bytes.data(), to_count(bytes.size()), MPI_BYTE, from, tag, handle_, MPI_STATUS_IGNORE);
  });
  return bytes.size() < largest_piece_;
}

template <class T>
T Communicator::reduce(T value, MPI_Op operation) {
  if (is_alone(handle_)) return value;
  T result{};
  wait_in("MPI_Allreduce",
          [&] { return MPI_Allreduce(&value, &result, 1, datatype<T>(), operation, handle_); });
  return result;
}

std::int64_t Communicator::sum(std::int64_t value) {
  return reduce(value, MPI_SUM);
}
std::int64_t Communicator::min(std::int64_t value) {
  return reduce(value, MPI_MIN);
}
std::int64_t Communicator::max(std::int64_t value) {
  return reduce(value, MPI_MAX);
}
double Communicator::min(double value) {
  return reduce(value, MPI_MIN);
}
double Communicator::max(double value) {
  return reduce(value, MPI_MAX);
}

void Communicator::sum(std::span<std::int64_t> values) {
  if (is_alone(handle_)) return;
  for_each_piece(values, largest_piece_ / sizeof(std::int64_t), [&](std::span<std::int64_t> piece) {
    wait_in("MPI_Allreduce", [&] {
      return MPI_Allreduce(MPI_IN_PLACE, piece.data(), to_count(piece.size()), MPI_INT64_T, MPI_SUM, handle_);
    });
  });
}

std::int64_t Communicator::sum_before(std::int64_t value) {
  if (is_alone(handle_)) return 0;
  std::int64_t result = 0;
  wait_in("MPI_Exscan", [&] { return MPI_Exscan(&value, &result, 1, MPI_INT64_T, MPI_SUM, handle_); });
  return rank_ == 0 ? 0 : result;
}

}  // namespace gemel::mpi
