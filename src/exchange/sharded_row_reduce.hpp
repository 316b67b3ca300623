#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "exchange/lane_tree.hpp"
#include "exchange/row_gradient.hpp"
#include "exchange/row_request.hpp"
#include "exchange/tag.hpp"
#include "mpi/communicator.hpp"
#include "mpi/pending.hpp"
#include "tensor/matrix.hpp"

namespace gemel::exchange {

/// Brings the gradients of sharded tables to the rows' owners. Each rank sends the sums of its subtrees, in the order in which the
/// owner was asked for the rows: 4 * dim bytes a row, and no row numbers.
class ShardedRowReduce {
 public:
  ShardedRowReduce(const LaneLayout& layout, mpi::Communicator& communicator)
      : layout_(layout), communicator_(communicator) {}

  /// Begins to exchange lanes[l][t], the gradient of table t of the model from this rank's lane l. The lanes of subtree p touched just
  /// request.wanted(p, t). The request must stay as it is until sums[t] has been taken. Collective.
  void start(const RowRequest& request, std::span<const std::vector<RowGradient>> lanes,
             std::span<RowSum> sums);
  /// Waits for the other ranks' gradients, and leaves the parts of this rank's blocks in sums[t]: one of each subtree of all ranks.
  /// Collective.
  void finish(const RowRequest& request, std::span<RowSum> sums);

 private:
  void pack(const RowRequest& request, std::span<const std::vector<RowGradient>> lanes,
            std::span<RowSum> sums);
  void place_rows(const RowRequest& request);

  const LaneLayout& layout_;
  mpi::Communicator& communicator_;
  tensor::AlignedVector<float> outgoing_;  // [owner][own subtree][sharded table][row, dim]
  tensor::AlignedVector<float> incoming_;  // [asker][its subtree][sharded table][row, dim]
  std::vector<std::size_t> places_;      // [owner][own subtree][table]: where its next row goes in outgoing_
  std::vector<std::size_t> send_sizes_;  // per rank
  std::vector<std::size_t> receive_sizes_;
  mpi::Pending pending_{tag::sharded_row_reduce};
};

}  // namespace gemel::exchange
