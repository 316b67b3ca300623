#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "ingest/dataset.hpp"
#include "ingest/user_exchange.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// The interactions of all ranks with the owners of their users, those of one user with one item next to each other. A rank needs 20
/// bytes for each interaction of its users, and while they travel 36 for each.
class PairRuns {
 public:
  /// `users` are those of the interactions. Collective.
  PairRuns(const Dataset& dataset, const UserNumbers& users, mpi::Communicator& communicator);

  UserExchange& exchange() { return exchange_; }
  /// Interactions of the users that this rank owns.
  std::size_t size() const { return keys_.size(); }

  /// The number of the user of an interaction, by its index.
  std::int32_t user(std::uint32_t index) const;
  /// Its time; 0 without timestamps.
  std::int64_t time(std::uint32_t index) const { return times_.empty() ? 0 : times_[index]; }

  /// Calls visit(run) for the interactions of each user with each item, where the data comes split those of each part. A run has the
  /// indices of its interactions among what exchange().to_owners() returns, by (time, place in the data); without timestamps by
  /// place. Not collective.
  template <class Visit>
  void for_each(const Visit& visit) const {
    const std::span<const std::uint32_t> all = order_;
    for (std::size_t first = 0, last = 0; first < all.size(); first = last) {
      while (last < all.size() && keys_[all[last]] == keys_[all[first]]) ++last;
      visit(all.subspan(first, last - first));
    }
  }

 private:
  void sort_users(exchange::RowRange owned);

  UserExchange exchange_;
  std::vector<std::uint64_t> keys_;   // of each interaction: its user, item and part
  std::vector<std::int64_t> times_;   // of each, or none
  std::vector<std::uint32_t> order_;  // of them by (key, time, place)
};

}  // namespace gemel::ingest
