#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "exchange/placement.hpp"
#include "model/parameter.hpp"
#include "tensor/matrix.hpp"

namespace gemel::model {

/// One embedding table [rows, dim], of one feature. This rank holds some of its rows: all when the table is replicated, the
/// block that it owns when it is sharded.
class EmbeddingTable {
 public:
  /// `name` is its path in a checkpoint: "query/tables/user_id_lookup". This rank holds block `block` of `blocks`; a replicated
  /// table is one block.
  EmbeddingTable(std::string name, exchange::RowBlocks blocks, int block, std::size_t dim, float range,
                 std::uint64_t seed)
      : name_(std::move(name)),
        blocks_(blocks),
        held_(blocks.block(block)),
        weights_(static_cast<std::size_t>(held_.size()), dim) {
    initialize(weights_.view(), range, seed, name_, static_cast<std::size_t>(held_.first) * dim);
  }

  /// Sets those of the table's first `count` rows that this rank holds to 0.
  void clear_rows(std::int64_t count) {
    for (std::int64_t row = held_.first; row < std::min(count, held_.last); ++row)
      std::ranges::fill(this->row(row), 0.0F);
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
  std::string name_;
  exchange::RowBlocks blocks_;
  exchange::RowRange held_;
  tensor::Matrix weights_;
};

}  // namespace gemel::model
