#include "ingest/user_history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "base/error.hpp"
#include "mpi/agreement.hpp"
#include "mpi/node_memory.hpp"

namespace gemel::ingest {

UserNumbers number_users(const TextColumn& user_ids, mpi::Communicator& communicator) {
  const DistinctStrings distinct = distinct_strings(user_ids);
  const VocabularyDirectory directory(distinct, communicator, "user_id");
  UserNumbers result;
  result.users = directory.rows() - VocabularyDirectory::special_rows;
  if (result.users > std::numeric_limits<std::int32_t>::max()) {
    throw mpi::AgreedError(base::ExitCode::data,
                           fmt::format("{} users are more than can be numbered", result.users));
  }
  const StringColumn& own = directory.owned().strings;
  result.ids = {result.users, communicator.sum_before(static_cast<std::int64_t>(own.size())), own};
  const std::vector<std::uint32_t> rows = directory.rows_of(distinct, communicator);
  for (const std::uint32_t place : distinct.places) {
    result.numbers.push_back(static_cast<std::int32_t>(rows[place] - VocabularyDirectory::special_rows));
  }
  return result;
}

UserNumbers number_users(const Columns& interactions, mpi::Communicator& communicator) {
  const auto ids = interactions.strings.find("user_id");
  if (ids == interactions.strings.end()) {
    throw mpi::AgreedError(
        base::ExitCode::data,
        fmt::format(
            "the interactions have no users (a text column user_id), which --exclude-seen, --mask-seen, "
            "--store-history and metrics of users need; their columns are {}",
            interactions.describe()));
  }
  return number_users(ids->second, communicator);
}

UserHistory::UserHistory(std::int64_t user_count, std::span<const std::int32_t> users,
                         std::span<const std::int32_t> items, mpi::Communicator& communicator) {
  base::require(users.size() == items.size(), "ingest: a history needs as many users as items");
  const std::int64_t pairs = communicator.sum(static_cast<std::int64_t>(users.size()));
  // Users and items as they come, the items in order, and where those of each user begin and end.
  mpi::require_memory(12.0 * static_cast<double>(pairs) + 16.0 * static_cast<double>(user_count),
                      fmt::format("the items of {} users, {} pairs, on every rank", user_count, pairs),
                      "do without --exclude-seen, --mask-seen and metrics of users", communicator);
  const auto all_users = communicator.all_gather_varying(users);
  const auto all_items = communicator.all_gather_varying(items);
  // Sorted by user by counting, then within each user.
  starts_.assign(static_cast<std::size_t>(user_count) + 1, 0);
  for (const std::int32_t user : all_users) ++starts_[static_cast<std::size_t>(user) + 1];
  for (std::size_t user = 1; user < starts_.size(); ++user) starts_[user] += starts_[user - 1];
  items_.resize(all_items.size());
  std::vector<std::size_t> next(starts_.begin(), std::prev(starts_.end()));
  for (std::size_t i = 0; i < all_items.size(); ++i)
    items_[next[static_cast<std::size_t>(all_users[i])]++] = all_items[i];
  auto end = items_.begin();
  for (std::size_t user = 0; user + 1 < starts_.size(); ++user) {
    const auto first = items_.begin() + static_cast<std::ptrdiff_t>(starts_[user]);
    const auto last = items_.begin() + static_cast<std::ptrdiff_t>(starts_[user + 1]);
    std::sort(first, last);
    starts_[user] = static_cast<std::size_t>(end - items_.begin());
    end = std::unique_copy(first, last, end);
  }
  starts_.back() = static_cast<std::size_t>(end - items_.begin());
  items_.erase(end, items_.end());
  items_.shrink_to_fit();
}

std::span<const std::int32_t> UserHistory::items(std::int32_t user, std::size_t first,
                                                 std::size_t last) const {
  const std::span<const std::int32_t> all = items(user);
  const auto below = [](std::int32_t item, std::size_t border) {
    return static_cast<std::size_t>(item) < border;
  };
  const auto start = std::lower_bound(all.begin(), all.end(), first, below);
  return {start, std::lower_bound(start, all.end(), last, below)};
}

bool UserHistory::contains(std::int32_t user, std::int32_t item) const {
  return std::ranges::binary_search(items(user), item);
}

}  // namespace gemel::ingest
