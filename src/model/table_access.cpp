#include "model/table_access.hpp"

#include <algorithm>
#include <boost/sort/pdqsort/pdqsort.hpp>

namespace gemel::model {

void append_sharded(std::span<const EmbeddingTable> tables, std::size_t first,
                    std::vector<exchange::ShardedTable>& sharded) {
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (tables[i].is_sharded()) sharded.push_back({first + i, tables[i].blocks(), tables[i].dim()});
  }
}

void append_held_rows(std::span<const EmbeddingTable> tables, std::vector<tensor::ConstMatrixView>& held) {
  for (const EmbeddingTable& table : tables) {
    if (table.is_sharded()) held.push_back(table.weights().view());
  }
}

void reach_rows(std::span<const EmbeddingTable> tables, const exchange::RowRequest& request,
                const exchange::RowFetch& fetch, std::size_t part, std::size_t first,
                std::vector<exchange::ReachableRows>& rows) {
  rows.clear();
  for (const EmbeddingTable& table : tables) {
    if (table.is_sharded()) {
      rows.push_back(fetch.rows(request, part, first++));
    } else {
      rows.emplace_back(table.weights().view());
    }
  }
}

void make_distinct(std::vector<std::int64_t>& rows) {
  boost::sort::pdqsort_branchless(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
}

}  // namespace gemel::model
