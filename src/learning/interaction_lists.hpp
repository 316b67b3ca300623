#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "exchange/placement.hpp"
#include "mpi/communicator.hpp"

namespace gemel::learning {

/// Pairs of a row of one table and one of another: training examples as least squares see them.
struct Interactions {
  std::vector<std::uint32_t> rows;
  std::vector<std::uint32_t> columns;
  std::vector<float> weights;  ///< of the pairs; empty: all 1

  std::size_t size() const { return rows.size(); }
};

/// How the rows of a table are dealt to ranks so that all have about as much to solve, each a contiguous block. Row r takes
/// own interactions + `base_cost`. [ranks + 1]: where blocks begin, and the end. Collective.
std::vector<std::int64_t> balanced_blocks(const Interactions& own, std::int64_t rows, double base_cost,
                                          mpi::Communicator& communicator);

/// Which columns each row of a block has to do with, and how much, in compressed sparse rows. Pairs that several ranks or examples
/// have are one, with the sum of their weights.
class InteractionLists {
 public:
  /// Deals `own`, this rank's pairs, to the ranks in whose blocks their rows are, `blocks` as of balanced_blocks, in rounds that need
  /// little memory. The lists are the same for every dealing and order of the pairs. Collective.
  InteractionLists(const Interactions& own, std::span<const std::int64_t> blocks,
                   mpi::Communicator& communicator);

  exchange::RowRange rows() const { return rows_; }
  /// Of all of this rank's rows.
  std::size_t pairs() const { return columns_.size(); }
  /// Of row `row`, by its number in the whole table: distinct columns, ascending, and their weights.
  std::span<const std::uint32_t> columns(std::int64_t row) const {
    return std::span(columns_).subspan(start(row), start(row + 1) - start(row));
  }
  std::span<const float> weights(std::int64_t row) const {
    return std::span(weights_).subspan(start(row), start(row + 1) - start(row));
  }

  /// Bytes of a pair while the second of two lists, of rows and of columns, is made: as this rank's own, in the first list, and dealt,
  /// with two numbers by which it is sorted.
  static constexpr std::size_t most_bytes_a_pair = 12 + 8 + 12 + 2 * sizeof(std::uint64_t);

 private:
  std::size_t start(std::int64_t row) const { return starts_[static_cast<std::size_t>(row - rows_.first)]; }
  void append(const Interactions& pairs, std::span<const std::uint32_t> order);

  exchange::RowRange rows_;
  std::vector<std::size_t> starts_;  // of each row of the block, and the end
  std::vector<std::uint32_t> columns_;
  std::vector<float> weights_;
};

}  // namespace gemel::learning
