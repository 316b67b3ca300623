#include "ingest/item_counts.hpp"

#include <span>

namespace gemel::ingest {

std::vector<std::int64_t> count_items(const Dataset& dataset, const Split& split,
                                      mpi::Communicator& communicator) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(dataset.catalogue_total));
  for (std::size_t i = 0; i < dataset.item_rows.size(); ++i) {
    if (split.is_train(i)) ++counts[static_cast<std::size_t>(dataset.item_rows[i])];
  }
  communicator.sum(std::span(counts));
  return counts;
}

}  // namespace gemel::ingest
