#include "ingest/distinct_strings.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "ingest/string_exchange.hpp"
#include "mpi/node_memory.hpp"

namespace gemel::ingest {
namespace {

/// A string of a column.
struct Occurrence {
  std::uint64_t hash;
  std::size_t index;
};

/// Numbers the distinct strings of a column in the order of their first occurrences: a hash table with open addressing,
/// since most occurrences of text are of few strings.
class FirstOccurrences {
 public:
  explicit FirstOccurrences(const StringColumn& column) : column_(column), slots_(1024, empty) {}

  /// The number of string `index` of the column.
  std::uint32_t number(std::size_t index) {
    const std::uint64_t hash = hash_of(column_[index]);
    std::uint32_t& slot = find(hash, column_[index]);
    if (slot != empty) return slot;
    base::require(all_.size() < empty,
                  "ingest: a rank has more than 2^32 - 1 distinct strings of one column; start more ranks");
    const auto number = static_cast<std::uint32_t>(all_.size());
    slot = number;
    all_.push_back({hash, index});
    if (all_.size() > slots_.size() / 2) grow();
    return number;
  }

  /// The first occurrence of each, by number.
  const std::vector<Occurrence>& all() const { return all_; }

  /// The numbers by (hash, string).
  std::vector<std::uint32_t> sorted() const {
    std::vector<std::uint32_t> order(all_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      if (all_[a].hash != all_[b].hash) return all_[a].hash < all_[b].hash;
      return column_[all_[a].index] < column_[all_[b].index];
    });
    return order;
  }

 private:
  static constexpr std::uint32_t empty = std::numeric_limits<std::uint32_t>::max();

  /// The slot that has the number of `text`, or else is free for it.
  std::uint32_t& find(std::uint64_t hash, std::string_view text) {
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at] != empty &&
           (all_[slots_[at]].hash != hash || column_[all_[slots_[at]].index] != text)) {
      at = (at + 1) & (slots_.size() - 1);
    }
    return slots_[at];
  }

  void grow() {
    slots_.assign(2 * slots_.size(), empty);
    for (std::size_t number = 0; number < all_.size(); ++number)
      find(all_[number].hash, column_[all_[number].index]) = static_cast<std::uint32_t>(number);
  }

  const StringColumn& column_;
  std::vector<Occurrence> all_;
  std::vector<std::uint32_t> slots_;  // a power of two of them
};

}  // namespace

std::uint64_t hash_of(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

int owner_of_hash(std::uint64_t hash, int ranks) {
  return static_cast<int>((static_cast<unsigned __int128>(hash) * static_cast<unsigned>(ranks)) >> 64);
}

std::vector<std::size_t> DistinctStrings::counts_by_owner(int ranks) const {
  std::vector<std::size_t> owned(static_cast<std::size_t>(ranks), 0);
  for (const std::uint64_t hash : hashes) ++owned[static_cast<std::size_t>(owner_of_hash(hash, ranks))];
  return owned;
}

DistinctStrings distinct_strings(const StringColumn& column, std::span<const std::int64_t> counts) {
  FirstOccurrences found(column);
  DistinctStrings result;
  result.places.resize(column.size());
  for (std::size_t i = 0; i < column.size(); ++i) result.places[i] = found.number(i);
  const std::vector<std::uint32_t> order = found.sorted();

  std::size_t characters = 0;
  for (const Occurrence& occurrence : found.all()) characters += column[occurrence.index].size();
  result.strings.reserve(order.size(), characters);
  result.hashes.reserve(order.size());
  std::vector<std::uint32_t> place_of(order.size());
  for (std::size_t place = 0; place < order.size(); ++place) {
    place_of[order[place]] = static_cast<std::uint32_t>(place);
    const Occurrence& occurrence = found.all()[order[place]];
    result.strings.push_back(column[occurrence.index]);
    result.hashes.push_back(occurrence.hash);
  }
  result.counts.assign(order.size(), 0);
  for (std::size_t i = 0; i < column.size(); ++i) {
    std::uint32_t& place = result.places[i];
    place = place_of[place];
    result.counts[place] += counts.empty() ? 1 : counts[i];
  }
  return result;
}

namespace {

/// Refuses more strings than there is memory for. A string that occurs on several ranks counts that often. Hashes spread them evenly: each
/// comes with 24 bytes and its characters, and takes 70 bytes and its characters again while they are made distinct. Collective.
void require_memory(const DistinctStrings& mine, mpi::Communicator& communicator) {
  const std::int64_t strings = communicator.sum(static_cast<std::int64_t>(mine.size()));
  const std::int64_t characters =
      communicator.sum(static_cast<std::int64_t>(mine.strings.characters().size()));
  mpi::require_memory(
      (94.0 * static_cast<double>(strings) + 2.0 * static_cast<double>(characters)) / communicator.size(),
      fmt::format("the vocabulary of a column with {} strings", strings),
      "declare the feature as hash(N), which has none", communicator);
}

}  // namespace

DistinctStrings gather_by_owner(const DistinctStrings& mine, mpi::Communicator& communicator) {
  require_memory(mine, communicator);
  const std::vector<std::size_t> sent = mine.counts_by_owner(communicator.size());
  std::vector<std::size_t> received;
  const StringColumn strings = all_to_all_strings(mine.strings, sent, received, communicator);
  const auto counts = communicator.all_to_all(std::span<const std::int64_t>(mine.counts), sent, received);
  DistinctStrings owned = distinct_strings(strings, counts);
  owned.places = {};
  return owned;
}

}  // namespace gemel::ingest
