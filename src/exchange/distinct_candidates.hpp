#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gemel::exchange {

/// The distinct items of one global batch, or what else its logits have as columns, ascending by catalogue row, with how often each
/// occurs. Their number is padded to a multiple of `granule`, so that few matrix shapes recur; the padding has row -1 and
/// multiplicity 0.
class DistinctCandidates {
 public:
  static constexpr std::size_t granule = 32;

  /// Room for items in [0, catalogue_size).
  explicit DistinctCandidates(std::size_t catalogue_size)
      : catalogue_size_(catalogue_size), present_((catalogue_size + 63) / 64), before_(present_.size()) {}

  /// Replaces the content by the items of a batch, in any order, with repetitions.
  void assign(std::span<const std::int32_t> items);
  /// Replaces the content by every item in [0, catalogue_size), once.
  void assign_all();

  /// Columns that stand for an item.
  std::size_t distinct() const { return distinct_; }
  /// All columns, padding included.
  std::size_t columns() const { return rows_.size(); }
  /// [columns()] catalogue row of each column, -1 for padding.
  std::span<const std::int32_t> rows() const { return rows_; }
  /// [columns()] how often the column's item was assigned.
  std::span<const std::int32_t> multiplicities() const { return multiplicities_; }

  /// The column of an item of the batch.
  std::size_t column_of(std::int32_t item) const {
    const auto index = static_cast<std::size_t>(item);
    const std::uint64_t smaller = present_[index / 64] & ((std::uint64_t{1} << index % 64) - 1);
    return before_[index / 64] + static_cast<std::size_t>(std::popcount(smaller));
  }

 private:
  std::size_t catalogue_size_;
  std::vector<std::uint64_t> present_;  // one bit per catalogue row
  std::vector<std::uint32_t> before_;   // columns before those of each word of present_
  std::size_t distinct_ = 0;
  std::vector<std::int32_t> rows_;
  std::vector<std::int32_t> multiplicities_;
};

}  // namespace gemel::exchange
