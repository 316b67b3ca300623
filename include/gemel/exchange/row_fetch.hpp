#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gemel/exchange/row_request.hpp"
#include "gemel/mpi/communicator.hpp"
#include "gemel/mpi/pending.hpp"
#include "gemel/tensor/matrix.hpp"

namespace gemel::exchange {

/// Rows of a table that are within reach: those that were fetched from their owners, or a whole replicated table.
class ReachableRows {
 public:
  /// Every row of a table: `values` [rows, dim].
  explicit ReachableRows(tensor::ConstMatrixView all) : values_(all) {}
  /// `values` [rows.size(), dim] of the ascending `rows`.
  ReachableRows(std::span<const std::int64_t> rows, tensor::ConstMatrixView values)
      : sparse_(true), rows_(rows), values_(values) {}

  /// Row `row` of the table, which must be within reach.
  std::span<const float> operator[](std::int64_t row) const {
    return values_.row(sparse_ ? place_of(row) : static_cast<std::size_t>(row));
  }

 private:
  /// A binary search without branches, which would be mispredicted half the time.
  std::size_t place_of(std::int64_t row) const {
    std::size_t place = 0;
    for (std::size_t size = rows_.size(); size > 1;) {
      const std::size_t half = size / 2;
      place += half * static_cast<std::size_t>(rows_[place + half] <= row);
      size -= half;
    }
    return place;
  }

  bool sparse_ = false;
  std::span<const std::int64_t> rows_;
  tensor::ConstMatrixView values_;
};

/// Brings the rows of a RowRequest from their owners.
class RowFetch {
 public:
  explicit RowFetch(mpi::Communicator& communicator) : communicator_(communicator) {}

  /// held[t]: this rank's block of table t, [block, dim]. Each rank sends every other the rows that it asked for, 4 * dim bytes
  /// each. Collective.
  void run(const RowRequest& request, std::span<const tensor::ConstMatrixView> held);

  /// What was fetched for wanted(part, table); valid until the next `run`, and as long as the request is not changed.
  ReachableRows rows(const RowRequest& request, std::size_t part, std::size_t table) const;

 private:
  mpi::Communicator& communicator_;
  tensor::AlignedVector<float> outgoing_;
  tensor::AlignedVector<float> incoming_;
  std::vector<std::size_t> send_sizes_;  // per rank
  std::vector<std::size_t> receive_sizes_;
  std::vector<tensor::Matrix> fetched_;  // [own part][table]
  std::vector<std::size_t> filled_;      // [own part][table]: elements that have been copied to fetched_
  mpi::Pending pending_;
};

}  // namespace gemel::exchange
