#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "exchange/placement.hpp"
#include "model/parameter.hpp"
#include "tensor/matrix.hpp"

namespace gemel::model {

/// One embedding table, without its rows.
struct TableShape {
  std::string name;     ///< its path in a checkpoint: "query/tables/user_id_lookup"
  std::string feature;  ///< "user_id_lookup"
  std::string column;   ///< "user_id"
  std::int64_t rows = 0;
  std::size_t dim = 0;
  float range = 0;             ///< its first values are uniform in +-range
  std::int64_t zero_rows = 0;  ///< but for the first rows, which are 0
};

/// One embedding table [rows, dim], of one feature. This rank holds some of its rows: all when the table is replicated, the
/// block that it owns when it is sharded.
class EmbeddingTable {
 public:
  /// With its first values, which are a function of (seed, name, element index) alone. A replicated table is one block, which every
  /// rank holds.
  EmbeddingTable(const TableShape& shape, const exchange::TablePlacements& placements, std::uint64_t seed)
      : name_(shape.name),
        blocks_(placements.blocks(name_, shape.rows)),
        held_(blocks_.block(placements.held_block(name_))),
        weights_(static_cast<std::size_t>(held_.size()), shape.dim) {
    set_first_values(shape, seed);
  }
  /// Another table of the rows of `other`, held where those are: `shape` tells its dim, range and zero_rows alone.
  EmbeddingTable(const EmbeddingTable& other, const TableShape& shape, std::uint64_t seed)
      : name_(other.name_),
        blocks_(other.blocks_),
        held_(other.held_),
        weights_(static_cast<std::size_t>(held_.size()), shape.dim) {
    set_first_values(shape, seed);
  }

  const std::string& name() const { return name_; }
  /// Rows of the whole table, over all ranks.
  std::int64_t rows() const { return blocks_.rows(); }
  std::size_t dim() const { return weights_.cols(); }
  /// The rows that this rank holds.
  exchange::RowRange held() const { return held_; }
  bool is_sharded() const { return blocks_.ranks() > 1; }
  const exchange::RowBlocks& blocks() const { return blocks_; }

  /// [held().size(), dim()].
  tensor::Matrix& weights() { return weights_; }
  const tensor::Matrix& weights() const { return weights_; }
  /// A held row, by its number in the whole table.
  std::span<float> row(std::int64_t row) { return weights_.row(index(row)); }
  std::span<const float> row(std::int64_t row) const { return weights_.row(index(row)); }
  /// Where a held row is in weights() and in matrices laid out alike.
  std::size_t index(std::int64_t row) const { return static_cast<std::size_t>(row - held_.first); }

 private:
  void set_first_values(const TableShape& shape, std::uint64_t seed) {
    initialize(weights_.view(), shape.range, seed, name_, static_cast<std::size_t>(held_.first) * shape.dim);
    for (std::int64_t row = held_.first; row < std::min(shape.zero_rows, held_.last); ++row)
      std::ranges::fill(this->row(row), 0.0F);
  }

  std::string name_;
  exchange::RowBlocks blocks_;
  exchange::RowRange held_;
  tensor::Matrix weights_;
};

}  // namespace gemel::model
