#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "exchange/row_request.hpp"
#include "mpi/communicator.hpp"
#include "mpi/pending.hpp"
#include "tensor/matrix.hpp"

namespace gemel::exchange {

/// Rows of a table that are within reach: those that were fetched from their owners, or a whole replicated table.
class ReachableRows {
 public:
  /// Every row of a table: `values` [rows, dim].
  explicit ReachableRows(tensor::ConstMatrixView all) : values_(all.data()), dim_(all.cols()) {}
  /// Only `rows`, which ascend: rows[i] is the `dim` elements from values[starts[i]] on.
  ReachableRows(std::span<const std::int64_t> rows, std::span<const std::size_t> starts, const float* values,
                std::size_t dim)
      : rows_(rows), starts_(starts), is_sparse_(true), values_(values), dim_(dim) {}

  /// Row `row` of the table, which must be within reach.
  std::span<const float> operator[](std::int64_t row) const {
    const std::size_t start = is_sparse_ ? starts_[place_of(row)] : static_cast<std::size_t>(row) * dim_;
    return {values_ + start, dim_};
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

  std::span<const std::int64_t> rows_;
  std::span<const std::size_t> starts_;
  bool is_sparse_ = false;
  const float* values_;
  std::size_t dim_;
};

/// Brings the rows that are going to be looked up within reach: those of sharded tables from their owners; replicated tables are.
class RowFetch {
 public:
  explicit RowFetch(mpi::Communicator& communicator) : communicator_(communicator) {}

  /// Begins to send every other rank the rows of sharded tables that it asked for, 4 * dim bytes each. held[t]: this rank's rows of
  /// table t, [its block or all rows, dim]. Collective.
  void start(const RowRequest& request, std::span<const tensor::ConstMatrixView> held);
  /// Waits for the rows. Collective.
  void finish();

  /// [table]: the rows that part `part` of the request is going to look up, and of replicated tables all; valid until the next
  /// `start`, and as long as the request is not started again and the held rows stay where they are.
  std::span<const ReachableRows> rows(std::size_t part) const {
    return std::span(rows_).subspan(part * tables_, tables_);
  }

 private:
  void pack(const RowRequest& request, std::span<const tensor::ConstMatrixView> held);
  void locate_rows(const RowRequest& request, std::span<const tensor::ConstMatrixView> held);

  mpi::Communicator& communicator_;
  std::size_t tables_ = 0;
  tensor::AlignedVector<float> outgoing_;
  tensor::AlignedVector<float> incoming_;  // [owner][own part][sharded table][row, dim]
  std::vector<std::size_t> send_sizes_;    // per rank
  std::vector<std::size_t> receive_sizes_;
  std::vector<std::vector<std::size_t>> starts_;  // [own part][table][row]: where it begins in incoming_
  std::vector<ReachableRows> rows_;               // [own part][table]
  mpi::Pending pending_{tag::row_fetch};
};

}  // namespace gemel::exchange
