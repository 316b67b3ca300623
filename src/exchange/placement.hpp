#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "base/even_cuts.hpp"

namespace gemel::exchange {

/// Where the rows of an embedding table, with their optimiser state, are.
enum class Placement {
  replicated,  ///< all of them on every rank
  sharded,     ///< each on one rank, its owner
};

/// Rows [first, last) of a table.
struct RowRange {
  std::int64_t first = 0;
  std::int64_t last = 0;

  std::int64_t size() const { return last - first; }
  bool contains(std::int64_t row) const { return first <= row && row < last; }
  bool operator==(const RowRange&) const = default;
};

/// How `rows` rows are cut into one contiguous block for each of `ranks` ranks, in rank order, as even as can be: blocks are
/// empty when there are fewer rows than ranks. The owner of a row of a sharded table is the rank whose block it is in.
class RowBlocks {
 public:
  RowBlocks(std::int64_t rows, int ranks) : cuts_(rows, ranks) {}

  std::int64_t rows() const { return cuts_.size(); }
  int ranks() const { return cuts_.parts(); }
  RowRange block(int rank) const { return {cuts_.start(rank), cuts_.start(rank + 1)}; }
  int owner(std::int64_t row) const { return cuts_.part_of(row); }

 private:
  base::EvenCuts cuts_;
};

/// An embedding table, as far as exchanges know it.
struct RowTable {
  RowBlocks blocks;  ///< of a replicated table: one, which every rank holds
  std::size_t dim = 0;

  bool is_sharded() const { return blocks.ranks() > 1; }
};

/// Which of a model's tables are sharded, over which ranks. By default none is.
struct TablePlacements {
  int ranks = 1;
  int rank = 0;
  std::set<std::string> sharded;  ///< names of tables

  /// The blocks of the table `name`: a replicated table is one block, which every rank holds.
  RowBlocks blocks(const std::string& name, std::int64_t rows) const {
    return {rows, sharded.contains(name) ? ranks : 1};
  }
  /// The block of the table `name` that this rank holds.
  int held_block(const std::string& name) const { return sharded.contains(name) ? rank : 0; }
};

}  // namespace gemel::exchange
