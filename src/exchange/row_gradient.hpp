#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "exchange/lane_tree.hpp"
#include "tensor/arithmetic.hpp"
#include "tensor/matrix.hpp"

namespace gemel::exchange {

/// The gradient of an embedding table from one lane: of the rows that the lane touched, and no others.
struct RowGradient {
  std::vector<std::int64_t> rows;  ///< distinct, ascending
  tensor::Matrix values;           ///< [rows.size(), dim] (the matrix may be longer)
};

/// A borrowed RowGradient.
struct RowGradientView {
  RowGradientView(std::span<const std::int64_t> of_rows, const float* their_values)
      : rows(of_rows), values(their_values) {}
  RowGradientView(const RowGradient& gradient) : rows(gradient.rows), values(gradient.values.data()) {}

  std::span<const std::int64_t> rows;  ///< distinct, ascending
  const float* values;                 ///< [rows.size(), dim]
};

/// Walks the union of several parts' rows in ascending order and hands out each row's sum over the parts, taken in the order of
/// `merges`, which must leave the whole sum in part 0. A part without the row adds nothing: not even +0.0.
class RowSummer {
 public:
  /// Calls consume(row, sum [dim]) for every row. The sum is there until the call returns.
  template <class Consume>
  void sum(std::span<const RowGradientView> parts, std::span<const Merge> merges, std::size_t dim,
           const Consume& consume);

 private:
  static constexpr std::int64_t no_row = std::numeric_limits<std::int64_t>::max();

  std::vector<std::size_t> next_;
  std::vector<std::int64_t> heads_;  // of each part, the next row
  std::vector<const float*> addends_;
  tensor::Matrix partial_sums_;
};

template <class Consume>
void RowSummer::sum(std::span<const RowGradientView> parts, std::span<const Merge> merges, std::size_t dim,
                    const Consume& consume) {
  const auto head = [&](std::size_t part) {
    return next_[part] < parts[part].rows.size() ? parts[part].rows[next_[part]] : no_row;
  };
  next_.assign(parts.size(), 0);
  heads_.clear();
  for (std::size_t part = 0; part < parts.size(); ++part) heads_.push_back(head(part));
  addends_.resize(parts.size());
  partial_sums_.resize(parts.size(), dim);
  while (true) {
    std::int64_t row = no_row;
    for (const std::int64_t next : heads_) row = std::min(row, next);
    if (row == no_row) return;
    for (std::size_t part = 0; part < parts.size(); ++part) {
      addends_[part] = nullptr;
      if (heads_[part] != row) continue;
      addends_[part] = parts[part].values + next_[part]++ * dim;
      heads_[part] = head(part);
    }
    for (const auto [into, from] : merges) {
      if (addends_[from] == nullptr) continue;
      if (addends_[into] == nullptr) {
        addends_[into] = addends_[from];
        continue;
      }
      const std::span<float> sum = partial_sums_.row(into);
      tensor::add({addends_[into], dim}, {addends_[from], dim}, sum);
      addends_[into] = sum.data();
    }
    consume(row, std::span(addends_[0], dim));
  }
}

/// What the sum of a table's gradient is taken from.
struct RowSum {
  std::vector<RowGradientView> parts;  ///< in the order of the lanes
  RowSummer summer;
};

}  // namespace gemel::exchange
