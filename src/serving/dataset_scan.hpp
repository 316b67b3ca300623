#pragma once

#include <algorithm>
#include <cstddef>

#include "checkpoint/checkpoint_reader.hpp"

namespace gemel::serving {

/// Consecutive rows of a dataset; `count` may be 0.
struct RowChunk {
  std::size_t first = 0;
  std::size_t count = 0;
};

/// Cuts the rows of a dataset into chunks of about 4 MiB, whose borders depend on the dataset alone, and deals them to the ranks in
/// turn. Calls visit(chunk) equally often on every rank, so that it may be collective. Collective.
template <class Visit>
void for_each_chunk(const checkpoint::DatasetInfo& dataset, const mpi::Communicator& communicator,
                    const Visit& visit) {
  constexpr std::size_t chunk_bytes = std::size_t{1} << 22;
  const std::size_t rows = dataset.shape.rows;
  const std::size_t chunk_rows =
      std::max<std::size_t>(1, chunk_bytes / std::max<std::size_t>(1, dataset.row_bytes));
  const auto ranks = static_cast<std::size_t>(communicator.size());
  const auto rank = static_cast<std::size_t>(communicator.rank());
  for (std::size_t round = 0; round * ranks * chunk_rows < rows; ++round) {
    const std::size_t first = std::min(rows, (round * ranks + rank) * chunk_rows);
    visit(RowChunk{first, std::min(chunk_rows, rows - first)});
  }
}

}  // namespace gemel::serving
