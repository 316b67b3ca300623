#include "ingest/pair_runs.hpp"

#include <algorithm>
#include <tuple>

#include "ingest/row_numbers.hpp"
#include "mpi/node_memory.hpp"

namespace gemel::ingest {
namespace {

// Bits of a key, from the lowest: the part, the item and the user, of which both are 31-bit numbers.
constexpr int item_shift = 2;
constexpr int user_shift = 33;
static_assert(part_names.size() <= std::size_t{1} << item_shift);

std::vector<std::uint64_t> keys_of(const Dataset& dataset, const std::vector<std::int32_t>& users) {
  std::vector<std::uint64_t> keys(users.size());
  for (std::size_t own = 0; own < users.size(); ++own) {
    keys[own] = static_cast<std::uint64_t>(users[own]) << user_shift |
                static_cast<std::uint64_t>(dataset.item_rows[own]) << item_shift;
    if (dataset.comes_split) keys[own] |= static_cast<std::uint64_t>(dataset.parts[own]);
  }
  return keys;
}

}  // namespace

PairRuns::PairRuns(const Dataset& dataset, const UserNumbers& users, mpi::Communicator& communicator)
    : exchange_(users, communicator) {
  constexpr double bytes_of_one = 36;
  mpi::require_memory(bytes_of_one * static_cast<double>(users.numbers.size()),
                      "the interactions by user and item", "do without --duplicates", communicator);
  keys_ = exchange_.to_owners(std::span<const std::uint64_t>(keys_of(dataset, users.numbers)));
  const auto times = dataset.interactions.numbers.find("timestamp");
  if (times != dataset.interactions.numbers.end())
    times_ = exchange_.to_owners(std::span<const std::int64_t>(times->second));
  require_numbers(keys_.size(), "interactions of its users", communicator);
  sort_users(exchange_.owned());
}

std::int32_t PairRuns::user(std::uint32_t index) const {
  return static_cast<std::int32_t>(keys_[index] >> user_shift);
}

/// By user by counting, then within each user.
void PairRuns::sort_users(exchange::RowRange owned) {
  const auto user_of = [&](std::uint64_t key) {
    return static_cast<std::size_t>(static_cast<std::int64_t>(key >> user_shift) - owned.first);
  };
  std::vector<std::size_t> ends(static_cast<std::size_t>(owned.size()) + 1, 0);
  for (const std::uint64_t key : keys_) ++ends[user_of(key) + 1];
  for (std::size_t user = 1; user < ends.size(); ++user) ends[user] += ends[user - 1];
  order_.resize(keys_.size());
  for (std::size_t index = 0; index < keys_.size(); ++index)
    order_[ends[user_of(keys_[index])]++] = static_cast<std::uint32_t>(index);
  const auto rank_of = [&](std::uint32_t index) { return std::tuple(keys_[index], time(index), index); };
  auto begin = order_.begin();
  for (std::size_t user = 0; user < static_cast<std::size_t>(owned.size()); ++user) {
    const auto end = order_.begin() + static_cast<std::ptrdiff_t>(ends[user]);
    std::sort(begin, end, [&](auto one, auto other) { return rank_of(one) < rank_of(other); });
    begin = end;
  }
}

}  // namespace gemel::ingest
