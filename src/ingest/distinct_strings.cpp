#include "ingest/distinct_strings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.hpp"
#include "base/give_back.hpp"
#include "ingest/string_exchange.hpp"
#include "mpi/node_memory.hpp"

namespace gemel::ingest {
namespace {

/// The numbers of these strings by (hash, string).
std::vector<std::uint32_t> order_of(const TextColumn& column) {
  const std::vector<std::uint64_t>& hashes = column.hashes();
  std::vector<std::uint32_t> order(hashes.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (hashes[a] != hashes[b]) return hashes[a] < hashes[b];
    return column.distinct()[a] < column.distinct()[b];
  });
  return order;
}

}  // namespace

int owner_of_hash(std::uint64_t hash, int ranks) {
  return static_cast<int>((static_cast<unsigned __int128>(hash) * static_cast<unsigned>(ranks)) >> 64);
}

int pass_of_hash(std::uint64_t hash, int ranks, int passes) {
  return owner_of_hash(hash, ranks * passes) % passes;
}

std::vector<std::size_t> order_by_owner(const std::vector<std::uint64_t>& hashes, int ranks,
                                        std::vector<std::size_t>& counts) {
  counts.assign(static_cast<std::size_t>(ranks), 0);
  for (const std::uint64_t hash : hashes) ++counts[static_cast<std::size_t>(owner_of_hash(hash, ranks))];
  std::vector<std::size_t> next(counts.size(), 0);
  std::exclusive_scan(counts.begin(), counts.end(), next.begin(), std::size_t{0});
  std::vector<std::size_t> order(hashes.size());
  for (std::size_t i = 0; i < hashes.size(); ++i)
    order[next[static_cast<std::size_t>(owner_of_hash(hashes[i], ranks))]++] = i;
  return order;
}

std::vector<std::size_t> DistinctStrings::counts_by_owner(int ranks) const {
  std::vector<std::size_t> owned(static_cast<std::size_t>(ranks), 0);
  for (const std::uint64_t hash : hashes) ++owned[static_cast<std::size_t>(owner_of_hash(hash, ranks))];
  return owned;
}

DistinctStrings distinct_strings(const TextColumn& column, std::span<const std::int64_t> counts) {
  const StringColumn& texts = column.distinct();
  std::vector<std::int64_t> rows_of(texts.size(), 0);  // of each distinct text, how many rows have it
  for (const std::uint32_t code : column.codes()) ++rows_of[code];

  DistinctStrings result;
  result.strings.reserve(texts.size(), texts.characters().size());
  result.hashes.reserve(texts.size());
  std::vector<std::uint32_t> place_of(texts.size());
  for (const std::uint32_t code : order_of(column)) {
    if (rows_of[code] == 0) continue;
    place_of[code] = static_cast<std::uint32_t>(result.size());
    result.strings.push_back(texts[code]);
    result.hashes.push_back(column.hashes()[code]);
    result.counts.push_back(counts.empty() ? rows_of[code] : 0);
  }
  result.places.resize(column.size());
  for (std::size_t row = 0; row < column.size(); ++row) {
    result.places[row] = place_of[column.codes()[row]];
    if (!counts.empty()) result.counts[result.places[row]] += counts[row];
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
  base::give_back(owned.places);
  return owned;
}

}  // namespace gemel::ingest
