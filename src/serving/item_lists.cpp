#include "serving/item_lists.hpp"

#include "ingest/block_strings.hpp"

namespace gemel::serving {

void name_items(ItemLists& lists, const model::Catalogue& catalogue, mpi::Communicator& communicator) {
  std::vector<std::int64_t> rows;
  for (const std::vector<RankedItem>& list : lists.lists) {
    for (const RankedItem& item : list) rows.push_back(item.row);
  }
  lists.ids = ingest::strings_at(catalogue.ids, rows, communicator);
  lists.labels = ingest::strings_at(catalogue.labels, rows, communicator);
}

}  // namespace gemel::serving
