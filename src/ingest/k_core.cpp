#include "ingest/k_core.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "ingest/kept_rows.hpp"
#include "ingest/row_numbers.hpp"
#include "ingest/user_exchange.hpp"
#include "mpi/node_memory.hpp"

namespace gemel::ingest {
namespace {

/// A user by his place among those of the rank that owns him, and an item.
struct Pair {
  std::int32_t user;
  std::int32_t item;
};

/// The interactions of this rank's users, of which ever fewer are left.
class Core {
 public:
  Core(std::vector<Pair> pairs, std::int64_t users, std::int64_t items)
      : pairs_(std::move(pairs)),
        left_(pairs_.size()),
        of_user_(static_cast<std::size_t>(users)),
        of_item_(static_cast<std::size_t>(items)) {
    std::iota(left_.begin(), left_.end(), 0U);
  }

  /// Collective.
  void count(mpi::Communicator& communicator) {
    std::ranges::fill(of_user_, 0);
    std::ranges::fill(of_item_, 0);
    for (const std::uint32_t index : left_) {
      ++of_user_[static_cast<std::size_t>(pairs_[index].user)];
      ++of_item_[static_cast<std::size_t>(pairs_[index].item)];
    }
    communicator.sum(std::span(of_item_));
  }

  /// Leaves out what has too few by the last count. Returns how many interactions those were.
  std::int64_t leave_out(const KCore& core) {
    return static_cast<std::int64_t>(std::erase_if(left_, [&](std::uint32_t index) {
      const Pair& pair = pairs_[index];
      return of_user_[static_cast<std::size_t>(pair.user)] < core.user ||
             of_item_[static_cast<std::size_t>(pair.item)] < core.item;
    }));
  }

  std::int64_t users() const {
    return std::ranges::count_if(of_user_, [](std::int64_t count) { return count > 0; });
  }
  std::vector<bool> items_of_at_least(std::int64_t least) const {
    std::vector<bool> kept;
    for (const std::int64_t count : of_item_) kept.push_back(count >= least);
    return kept;
  }
  /// Whether each of the interactions is left.
  std::vector<std::uint8_t> left() const {
    std::vector<std::uint8_t> is_left(pairs_.size(), 0);
    for (const std::uint32_t index : left_) is_left[index] = 1;
    return is_left;
  }

 private:
  std::vector<Pair> pairs_;
  std::vector<std::uint32_t> left_;    // indices of those that are left
  std::vector<std::int64_t> of_user_;  // interactions that are left of each
  std::vector<std::int64_t> of_item_;
};

}  // namespace

std::string k_core_text(const KCore& core) {
  const std::string user = core.user > 0 ? fmt::format("user={}", core.user) : "";
  const std::string item = core.item > 0 ? fmt::format("item={}", core.item) : "";
  return user + (user.empty() || item.empty() ? "" : ",") + item;
}

KCoreCounts keep_k_core(const KCore& core, Dataset& dataset, mpi::Communicator& communicator) {
  const UserNumbers users = number_users(dataset.interactions, communicator);
  constexpr double bytes_of_one = 32;  // the pair three times, its index, and whether it is left
  mpi::require_memory(bytes_of_one * static_cast<double>(users.numbers.size()) +
                          8 * static_cast<double>(dataset.catalogue_total),
                      "the interactions by user", "do without --k-core", communicator);
  UserExchange exchange(users, communicator);
  std::vector<Pair> own;
  own.reserve(users.numbers.size());
  for (std::size_t i = 0; i < users.numbers.size(); ++i)
    own.push_back({users.numbers[i], dataset.item_rows[i]});
  std::vector<Pair> pairs = exchange.to_owners(std::span<const Pair>(own));
  require_numbers(pairs.size(), "interactions of its users", communicator);
  for (Pair& pair : pairs) pair.user -= static_cast<std::int32_t>(exchange.owned().first);

  Core left(std::move(pairs), exchange.owned().size(), dataset.catalogue_total);
  KCoreCounts counts;
  counts.users_before = users.users;
  left.count(communicator);
  while (communicator.sum(left.leave_out(core)) > 0) {
    ++counts.rounds;
    left.count(communicator);
  }
  counts.users = communicator.sum(left.users());
  const std::vector<std::uint8_t> kept = exchange.back(std::span<const std::uint8_t>(left.left()));
  keep_interactions(dataset, {kept.begin(), kept.end()}, communicator);
  if (core.item > 0 && dataset.total > 0)
    keep_items(dataset, left.items_of_at_least(core.item), communicator);
  return counts;
}

}  // namespace gemel::ingest
