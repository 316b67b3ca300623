#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "exchange/placement.hpp"
#include "ingest/user_history.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Brings what the ranks know of their interactions to the owners of the users, who have it together, and brings answers back. The owner of
/// a user is the rank in whose block of exchange::RowBlocks(users, ranks) his number is.
class UserExchange {
 public:
  /// `users` are those of this rank's interactions. Collective.
  UserExchange(const UserNumbers& users, mpi::Communicator& communicator);

  /// The users that this rank owns.
  exchange::RowRange owned() const { return blocks_.block(communicator_.rank()); }

  /// values[i] of each interaction i of this rank. Returns those of all interactions of owned users, in the order of the data: that of
  /// the ranks, and on a rank its own. Collective.
  template <mpi::Transferable T>
  std::vector<T> to_owners(std::span<const T> values) {
    std::vector<T> sent(values.size());
    for (std::size_t place = 0; place < order_.size(); ++place) sent[place] = values[order_[place]];
    return communicator_.all_to_all(std::span<const T>(sent), sent_counts_, received_counts_);
  }

  /// An answer to each of what to_owners() returned before. Returns that to each interaction of this rank. Collective.
  template <mpi::Transferable T>
  std::vector<T> back(std::span<const T> answers) {
    std::vector<T> received(order_.size());
    mpi::Pending pending;
    communicator_.start_all_to_all(answers, std::span<const std::size_t>(received_counts_),
                                   std::span(received), std::span<const std::size_t>(sent_counts_), pending);
    pending.wait();
    std::vector<T> values(order_.size());
    for (std::size_t place = 0; place < order_.size(); ++place) values[order_[place]] = received[place];
    return values;
  }

 private:
  mpi::Communicator& communicator_;
  exchange::RowBlocks blocks_;
  std::vector<std::uint32_t> order_;  // this rank's interactions by the owners of their users
  std::vector<std::size_t> sent_counts_;
  std::vector<std::size_t> received_counts_;
};

}  // namespace gemel::ingest
