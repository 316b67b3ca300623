#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ingest/text_column.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// The rank, of `ranks`, that keeps the strings of this hash. Each has a contiguous range of hashes, in rank order.
/// (base::EvenCuts of 2^64 hashes, if their number were one that fits.)
int owner_of_hash(std::uint64_t hash, int ranks);

/// In which of `passes` passes a hash's turn comes when what all ranks hash is looked at part by part: each has as many of every owner's.
int pass_of_hash(std::uint64_t hash, int ranks, int passes);

/// The indices of `hashes` in the order of the ranks that own them, and as they are for each rank; `counts` become how many each owns.
std::vector<std::size_t> order_by_owner(const std::vector<std::uint64_t>& hashes, int ranks,
                                        std::vector<std::size_t>& counts);

/// The distinct strings that the rows of a column have, by (hash, string).
struct DistinctStrings {
  StringColumn strings;
  std::vector<std::uint64_t> hashes;  ///< of each of `strings`
  std::vector<std::int64_t> counts;   ///< how often each occurs
  std::vector<std::uint32_t> places;  ///< [column.size()] index in `strings` of each string of the column

  std::size_t size() const { return strings.size(); }
  /// How many of them each of `ranks` ranks owns by their hash; in order, since the hashes ascend.
  std::vector<std::size_t> counts_by_owner(int ranks) const;
};

/// String i of `column` occurs counts[i] times, or once when no counts are given. Not collective.
DistinctStrings distinct_strings(const TextColumn& column, std::span<const std::int64_t> counts = {});

/// Of all ranks' strings those that this rank owns by their hash, with the sum of their counts; `places` is empty.
/// The owners' strings one after the other are all distinct strings by (hash, string), whatever rank had them.
/// Collective.
DistinctStrings gather_by_owner(const DistinctStrings& mine, mpi::Communicator& communicator);

}  // namespace gemel::ingest
