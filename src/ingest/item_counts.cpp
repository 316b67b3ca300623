#include "ingest/item_counts.hpp"

namespace gemel::ingest {

std::vector<std::int64_t> count_items(std::span<const std::int32_t> items, std::int64_t total,
                                      mpi::Communicator& communicator) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(total));
  for (const std::int32_t item : items) ++counts[static_cast<std::size_t>(item)];
  communicator.sum(std::span(counts));
  return counts;
}

}  // namespace gemel::ingest
