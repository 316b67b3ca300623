#pragma once

#include <mpi.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "mpi/pending.hpp"

namespace gemel::mpi {

/// What may travel between ranks as its bytes (all ranks run the same binary on the same kind of machine).
template <class T>
concept Transferable = std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>;

/// A group of ranks and the collectives of this project over it. Owns a duplicate of an MPI communicator that returns
/// errors, which become MpiError. Every member marked collective must be called by all ranks in the same order.
///
/// There is no all-reduce of floating-point sums on purpose: MPI promises no order for it. Sums that must not depend on
/// the number of ranks go along the lane tree (exchange/).
///
/// Counts are elements, in rank order. Buffers of any size are moved, in pieces that MPI can count (set_largest_piece).
class Communicator {
 public:
  /// A duplicate of all ranks' communicator. Collective.
  static Communicator world();
  /// The calling rank alone, with or without MPI: every collective is then a copy, also of several threads at once.
  static Communicator self();

  Communicator(Communicator&& other) noexcept;
  Communicator& operator=(Communicator&& other) noexcept;
  ~Communicator();  // not collective: MPI_Comm_free is left to MPI_Finalize when MPI is already gone

  int rank() const { return rank_; }
  int size() const { return size_; }
  bool is_root() const { return rank_ == 0; }
  /// For libraries that take an MPI communicator (HDF5). MPI_COMM_NULL of self().
  MPI_Comm handle() const { return handle_; }

  /// Bytes that this rank has handed to MPI for other ranks so far, counting a buffer once per receiving rank.
  std::int64_t bytes_sent() const { return bytes_sent_; }

  /// Buffers beyond this many bytes are moved in several calls, since MPI counts in int. A power of two of at least 64, the same on
  /// every rank.
  void set_largest_piece(std::size_t bytes);

  void barrier();  // collective

  /// Begins to wait for all ranks. Collective.
  void start_barrier(Pending& pending);

  /// Those of the ranks that gave the same number, which is not negative, in rank order. Collective.
  Communicator split(int number);
  /// Those of the ranks that are on the calling rank's node, in rank order. Collective.
  Communicator on_this_node();

  /// Overwrites `values` on every rank with root's. Same length everywhere. Collective.
  template <Transferable T>
  void broadcast(std::span<T> values, int root = 0) {
    broadcast_bytes(std::as_writable_bytes(values), root);
  }
  /// Gives every rank root's string. Collective.
  void broadcast(std::string& text, int root = 0);

  /// One value of every rank, in rank order. Collective.
  template <Transferable T>
  std::vector<T> all_gather(const T& mine) {
    std::vector<T> all(static_cast<std::size_t>(size_));
    all_gather_bytes(std::as_bytes(std::span(&mine, 1)), std::as_writable_bytes(std::span(all)));
    return all;
  }
  /// The same number of values of every rank, concatenated into `all` (size() * mine.size()). Collective.
  template <Transferable T>
  void all_gather(std::span<const T> mine, std::span<T> all) {
    all_gather_bytes(std::as_bytes(mine), std::as_writable_bytes(all));
  }
  /// As many values as each rank has, concatenated. Collective.
  template <Transferable T>
  std::vector<T> all_gather_varying(std::span<const T> mine) {
    const std::vector<std::size_t> counts = all_gather(mine.size());
    std::size_t total = 0;
    for (const std::size_t count : counts) total += count;
    std::vector<T> all(total);
    Pending pending;
    start_all_gather(mine, std::span(all), std::span(counts), pending);
    pending.wait();
    return all;
  }
  /// Every rank's string, in rank order. Collective.
  std::vector<std::string> all_gather(const std::string& mine);

  /// Begins to concatenate every rank's `mine` into `all`; counts[r] elements come from rank r, known to all. `mine` may already
  /// lie at its place in `all`. Collective.
  template <Transferable T>
  void start_all_gather(std::span<const T> mine, std::span<T> all, std::span<const std::size_t> counts,
                        Pending& pending) {
    start_all_gather_bytes(std::as_bytes(mine), std::as_writable_bytes(all), counts, sizeof(T), pending);
  }

  /// Begins to send send_counts[r] consecutive elements of `send` to rank r, and to receive receive_counts[r] of its
  /// elements, both packed in rank order. Collective.
  template <Transferable T>
  void start_all_to_all(std::span<const T> send, std::span<const std::size_t> send_counts,
                        std::span<T> receive, std::span<const std::size_t> receive_counts, Pending& pending) {
    start_all_to_all_bytes(std::as_bytes(send), send_counts, std::as_writable_bytes(receive), receive_counts,
                           sizeof(T), pending);
  }
  /// The same when nobody knows yet how much is coming: leaves what the other ranks sent, packed in rank order, in
  /// `received`, and how much came from each in `receive_counts`. Collective.
  template <Transferable T>
  void all_to_all(std::span<const T> send, std::span<const std::size_t> send_counts, std::vector<T>& received,
                  std::vector<std::size_t>& receive_counts) {
    receive_counts = exchange_counts(send_counts);
    std::size_t total = 0;
    for (const std::size_t count : receive_counts) total += count;
    received.resize(total);
    Pending pending;
    start_all_to_all(send, send_counts, std::span(received), std::span<const std::size_t>(receive_counts),
                     pending);
    pending.wait();
  }
  template <Transferable T>
  std::vector<T> all_to_all(std::span<const T> send, std::span<const std::size_t> send_counts,
                            std::vector<std::size_t>& receive_counts) {
    std::vector<T> received;
    all_to_all(send, send_counts, received, receive_counts);
    return received;
  }

  /// Begins to send a message to one rank.
  template <Transferable T>
  void start_message(int to, std::span<const T> message, Pending& pending) {
    start_message_bytes(to, std::as_bytes(message), pending);
  }
  /// Begins to receive a message of a known length.
  template <Transferable T>
  void start_receiving(int from, std::span<T> message, Pending& pending) {
    start_receiving_bytes(from, std::as_writable_bytes(message), pending);
  }
  /// Waits for a message with the tag `tag` whose length only its sender knows, and appends it to `received`.
  template <Transferable T>
  void receive_message(int from, int tag, std::vector<T>& received) {
    static_assert(std::has_single_bit(sizeof(T)), "a piece has whole elements");
    for (bool is_last = false; !is_last;) {
      const std::size_t before = received.size();
      received.resize(before + bytes_coming(from, tag) / sizeof(T));
      is_last = receive_piece(from, tag, std::as_writable_bytes(std::span(received).subspan(before)));
    }
  }

  /// Begins to send to `peer` and to receive as much from it.
  template <Transferable T>
  void start_exchange_with(int peer, std::span<const T> send, std::span<T> receive, Pending& pending) {
    start_receive(std::as_writable_bytes(receive), peer, pending);
    start_send(std::as_bytes(send), peer, pending);
  }

  /// Sums and extremes over all ranks, exact and so independent of order. Collective.
  std::int64_t sum(std::int64_t value);
  std::int64_t min(std::int64_t value);
  std::int64_t max(std::int64_t value);
  double min(double value);
  double max(double value);
  /// Element-wise sums. Collective.
  void sum(std::span<std::int64_t> values);
  /// The sum of `value` over the ranks before this one (0 on rank 0). Collective.
  std::int64_t sum_before(std::int64_t value);

 private:
  explicit Communicator(MPI_Comm handle);

  void broadcast_bytes(std::span<std::byte> bytes, int root);
  void all_gather_bytes(std::span<const std::byte> mine, std::span<std::byte> all);
  void start_all_gather_bytes(std::span<const std::byte> mine, std::span<std::byte> all,
                              std::span<const std::size_t> counts, std::size_t element, Pending& pending);
  void start_all_to_all_bytes(std::span<const std::byte> send, std::span<const std::size_t> send_counts,
                              std::span<std::byte> receive, std::span<const std::size_t> receive_counts,
                              std::size_t element, Pending& pending);
  std::vector<std::size_t> exchange_counts(std::span<const std::size_t> send_counts);
  void start_message_bytes(int to, std::span<const std::byte> bytes, Pending& pending);
  void start_receiving_bytes(int from, std::span<std::byte> bytes, Pending& pending);
  std::size_t bytes_coming(int from, int tag);
  bool receive_piece(int from, int tag, std::span<std::byte> bytes);
  void start_send(std::span<const std::byte> bytes, int to, Pending& pending);
  void start_receive(std::span<std::byte> bytes, int from, Pending& pending);
  template <class T>
  T reduce(T value, MPI_Op operation);

  MPI_Comm handle_ = MPI_COMM_NULL;
  int rank_ = 0;
  int size_ = 1;
  std::int64_t bytes_sent_ = 0;
  std::size_t largest_piece_ = std::size_t{1} << 30;
};

}  // namespace gemel::mpi
