#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "ingest/columns.hpp"
#include "ingest/vocabulary.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// The users of a data set by number: 0, 1, ... by (XXH3-64 hash, string) of their ids, so a user's number does not depend on how
/// many ranks there are or which of them has his interactions.
struct UserNumbers {
  std::int64_t users = 0;             ///< of all ranks
  std::vector<std::int32_t> numbers;  ///< the user of each of this rank's strings
  VocabularyBlock ids;                ///< of all users by number, of which each rank has some, in rank order
};

/// Numbers the users whose ids stand in a column that is spread over the ranks. Throws AgreedError (data) for 2^31 users or more.
/// Collective.
UserNumbers number_users(const TextColumn& user_ids, mpi::Communicator& communicator);

/// Those of the column user_id, which the interactions must have: AgreedError (data). Collective.
UserNumbers number_users(const Columns& interactions, mpi::Communicator& communicator);

/// The distinct items that every user has to do with, ascending. Every rank has all of it: 4 bytes for each distinct pair of a user
/// and an item, 8 for each user, and while it is made another 8 for each pair that is given.
class UserHistory {
 public:
  /// Pairs (users[i], items[i]) of this rank; users are numbers in [0, user_count), items rows of the catalogue. Pairs may occur
  /// several times, on several ranks. Collective.
  UserHistory(std::int64_t user_count, std::span<const std::int32_t> users,
              std::span<const std::int32_t> items, mpi::Communicator& communicator);
  /// As starts() and items() of another one are.
  UserHistory(std::vector<std::size_t> starts, std::vector<std::int32_t> items)
      : starts_(std::move(starts)), items_(std::move(items)) {}

  std::int64_t users() const { return static_cast<std::int64_t>(starts_.size()) - 1; }

  /// Distinct items of a user, ascending.
  std::span<const std::int32_t> items(std::int32_t user) const {
    const auto start = starts_[static_cast<std::size_t>(user)];
    return std::span(items_).subspan(start, starts_[static_cast<std::size_t>(user) + 1] - start);
  }
  /// Those of them that are rows [first, last) of the catalogue.
  std::span<const std::int32_t> items(std::int32_t user, std::size_t first, std::size_t last) const;

  bool contains(std::int32_t user, std::int32_t item) const;

  /// The items of all users, user by user, and where those of each begin; [users + 1].
  std::span<const std::int32_t> items() const { return items_; }
  std::span<const std::size_t> starts() const { return starts_; }

 private:
  std::vector<std::size_t> starts_;  // [users + 1], into items_
  std::vector<std::int32_t> items_;
};

}  // namespace gemel::ingest
