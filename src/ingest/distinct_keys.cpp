#include "ingest/distinct_keys.hpp"

#include <algorithm>
#include <boost/sort/spreadsort/integer_sort.hpp>
#include <span>

#include "ingest/distinct_strings.hpp"

namespace gemel::ingest {
namespace {

void keep_distinct(std::vector<std::uint64_t>& keys) {
  boost::sort::spreadsort::integer_sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
}

}  // namespace

std::vector<std::uint64_t> gather_owned_keys(std::vector<std::uint64_t> keys,
                                             mpi::Communicator& communicator) {
  keep_distinct(keys);
  if (communicator.size() == 1) return keys;
  std::vector<std::size_t> counts(static_cast<std::size_t>(communicator.size()), 0);
  for (const std::uint64_t key : keys)
    ++counts[static_cast<std::size_t>(owner_of_hash(key, communicator.size()))];
  std::vector<std::size_t> received;
  auto owned = communicator.all_to_all(std::span<const std::uint64_t>(keys), counts, received);
  keep_distinct(owned);
  return owned;
}

}  // namespace gemel::ingest
