#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "exchange/row_fetch.hpp"
#include "exchange/row_request.hpp"
#include "model/embedding_table.hpp"
#include "tensor/matrix_view.hpp"

namespace gemel::model {

/// Appends those of `tables` that are sharded to `sharded`; index 0 of `tables` is index `first` of the model.
void append_sharded(std::span<const EmbeddingTable> tables, std::size_t first,
                    std::vector<exchange::ShardedTable>& sharded);

/// Appends the rows that this rank holds of those of `tables` that are sharded.
void append_held_rows(std::span<const EmbeddingTable> tables, std::vector<tensor::ConstMatrixView>& held);

/// Replaces `rows` by each of `tables` as far as it is within reach: replicated ones whole; of the sharded ones, which are the
/// tables `first`, first + 1, ... of `request`, what was fetched for its part `part`.
void reach_rows(std::span<const EmbeddingTable> tables, const exchange::RowRequest& request,
                const exchange::RowFetch& fetch, std::size_t part, std::size_t first,
                std::vector<exchange::ReachableRows>& rows);

/// Sorts `rows` and drops repetitions.
void make_distinct(std::vector<std::int64_t>& rows);

}  // namespace gemel::model
