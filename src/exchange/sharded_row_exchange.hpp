#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "exchange/lane_tree.hpp"
#include "exchange/row_exchange.hpp"
#include "exchange/row_request.hpp"
#include "mpi/communicator.hpp"
#include "mpi/pending.hpp"
#include "tensor/matrix.hpp"

namespace gemel::exchange {

/// Brings the gradients of sharded tables to the rows' owners. Each rank sends the sums of its subtrees, in the order in which the
/// owner was asked for the rows: 4 * dim bytes a row, and no row numbers. The owner sums them in the order of the lane tree.
class ShardedRowExchange {
 public:
  ShardedRowExchange(const LaneLayout& layout, mpi::Communicator& communicator)
      : layout_(layout), communicator_(communicator) {}

  /// Begins to exchange lanes[l][i], the gradient of the table of index i from this rank's lane l. The lanes of subtree p touched
  /// just request.wanted(p, t). The request must stay as it is until the last `for_each_row`. Collective.
  void start(const RowRequest& request, const std::vector<std::vector<RowGradient>>& lanes);

  /// Waits for the other ranks' gradients. Collective.
  void finish();

  /// Hands out the summed gradient of every row of this rank's block of table t (of the request) that any lane touched, in
  /// ascending order. After `finish`; for different tables it may be called from different threads.
  template <class Consume>
  void for_each_row(std::size_t table, const Consume& consume) {
    summers_[table].sum(parts_[table], layout_.global_merges, request_->table(table).dim, consume);
  }

 private:
  void pack(const std::vector<std::vector<RowGradient>>& lanes);

  const LaneLayout& layout_;
  mpi::Communicator& communicator_;
  const RowRequest* request_ = nullptr;
  std::vector<RowSummer> summers_;                   // one per table
  std::vector<std::vector<RowGradientView>> parts_;  // [table][subtree of all ranks]
  tensor::AlignedVector<float> outgoing_;            // [owner][own subtree][table][row, dim]
  tensor::AlignedVector<float> incoming_;            // [asker][its subtree][table][row, dim]
  std::vector<std::size_t> places_;      // [owner][own subtree][table]: where its next row goes in outgoing_
  std::vector<std::size_t> send_sizes_;  // per rank
  std::vector<std::size_t> receive_sizes_;
  mpi::Pending pending_;
};

}  // namespace gemel::exchange
