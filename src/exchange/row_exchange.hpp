#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "exchange/lane_tree.hpp"
#include "mpi/communicator.hpp"
#include "mpi/pending.hpp"
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

/// Exchanges the gradients of replicated embedding tables sparsely: each rank sends its subtrees' rows to all others,
/// (n - 1) * u * (8 + 4 * dim) bytes per table for u rows, and every rank sums all of them in the order of the lane tree.
/// Row numbers of all tables travel in one message, behind how many there are (8 bytes per table and subtree); values in another.
class RowExchange {
 public:
  struct Table {
    std::size_t index = 0;  ///< among all tables of the model
    std::size_t dim = 0;
  };

  /// Tables count from 0 in the order given.
  RowExchange(const LaneLayout& layout, mpi::Communicator& communicator, std::vector<Table> tables);

  /// Begins to exchange lanes[l][i], the gradient of the table of index i from this rank's lane l, which must stay until the last
  /// `for_each_row`. Collective.
  void start(const std::vector<std::vector<RowGradient>>& lanes);

  /// Waits for the other ranks' rows. Collective.
  void finish();

  std::size_t tables() const { return tables_.size(); }
  const Table& table(std::size_t table) const { return tables_[table]; }

  /// Hands out the summed gradient of every row of table t that any lane touched, in ascending order. After `finish`; for
  /// different tables it may be called from different threads.
  template <class Consume>
  void for_each_row(std::size_t table, const Consume& consume) {
    summers_[table].sum(parts_[table], merges_, tables_[table].dim, consume);
  }

 private:
  /// What one rank adds. Lists lie by table, then by the rank's subtree.
  struct Share {
    std::vector<std::int64_t> rows;       // how many rows each list has, then the rows, list by list
    tensor::AlignedVector<float> values;  // [row, dim of its table]; this rank's own buffer may be longer
  };

  std::span<const float> pack(const std::vector<std::vector<RowGradient>>& lanes);
  std::size_t most_values(const std::vector<std::vector<RowGradient>>& lanes) const;
  std::size_t values_of(const Share& share, int rank) const;
  void unpack();

  const LaneLayout& layout_;
  mpi::Communicator& communicator_;
  std::vector<Table> tables_;
  std::vector<RowSummer> summers_;                   // one per table
  std::vector<std::vector<RowGradientView>> parts_;  // [table][subtree of all ranks, or own lane when alone]
  std::span<const Merge> merges_;                    // sums parts_
  std::vector<Share> shares_;                        // per rank
  mpi::Pending pending_;
};

}  // namespace gemel::exchange
