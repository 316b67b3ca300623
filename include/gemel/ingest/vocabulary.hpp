#pragma once

#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gemel/ingest/columns.hpp"
#include "gemel/mpi/communicator.hpp"

namespace gemel::ingest {

/// What stands in a vocabulary for every string that is not in it.
inline constexpr std::string_view unknown_token = "[UNK]";

/// XXH3-64, unseeded: the hash by which vocabularies are ordered.
struct StringHash {
  std::size_t operator()(std::string_view text) const { return XXH3_64bits(text.data(), text.size()); }
};

/// String -> row. The keys are views: the strings must outlive the map and stay where they are.
using RowMap = std::unordered_map<std::string_view, std::int32_t, StringHash>;

/// The rows of `strings` from row `special` on; the special rows before it cannot be looked up.
RowMap make_row_map(const std::vector<std::string>& strings, std::size_t special);
/// The rows of a column of distinct strings.
RowMap make_row_map(const StringColumn& strings);

/// Every rank's strings, in rank order. Collective.
StringColumn all_gather_strings(const StringColumn& mine, mpi::Communicator& communicator);

/// "[UNK]", then the distinct strings of a column that is spread over the ranks, by (XXH3-64 hash, string):
/// an order that does not depend on how they are spread. The same on every rank. Collective.
std::vector<std::string> build_vocabulary(const StringColumn& column, mpi::Communicator& communicator);

}  // namespace gemel::ingest
