#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "exchange/lane_tree.hpp"
#include "exchange/row_gradient.hpp"
#include "mpi/communicator.hpp"
#include "mpi/pending.hpp"
#include "tensor/matrix.hpp"

namespace gemel::exchange {

/// Brings the gradients of replicated tables to every rank, sparsely. Each sends its subtrees' rows to all others, (n - 1) * u *
/// (8 + 4 * dim) bytes per table for u rows. Row numbers of all tables travel in one message, behind how many there are (8 bytes per
/// table and subtree); values in another.
class ReplicatedRowReduce {
 public:
  struct Table {
    std::size_t number = 0;  ///< in the model
    std::size_t dim = 0;
  };

  /// `tag` is that of its messages.
  ReplicatedRowReduce(const LaneLayout& layout, mpi::Communicator& communicator, int tag,
                      std::vector<Table> tables);

  /// Begins to exchange lanes[l][t], the gradient of table t of the model from this rank's lane l, which must stay until sums[t] has
  /// been taken. Collective.
  void start(std::span<const std::vector<RowGradient>> lanes, std::span<RowSum> sums);
  /// Waits for the other ranks' rows, and leaves the parts of its tables in sums[t]: one of each subtree of all ranks, or of each own
  /// lane when there is one rank. Collective.
  void finish(std::span<RowSum> sums);

 private:
  /// What one rank adds. Lists lie by table, then by the rank's subtree.
  struct Share {
    std::vector<std::int64_t> rows;       // how many rows each list has, then the rows, list by list
    tensor::AlignedVector<float> values;  // [row, dim of its table]; this rank's own buffer may be longer
  };

  std::span<const float> pack(std::span<const std::vector<RowGradient>> lanes, std::span<RowSum> sums);
  std::size_t most_values(std::span<const std::vector<RowGradient>> lanes) const;
  std::size_t values_of(const Share& share, std::size_t subtrees) const;
  void unpack(std::span<RowSum> sums);

  const LaneLayout& layout_;
  mpi::Communicator& communicator_;
  std::vector<Table> tables_;
  std::vector<Share> shares_;  // per rank
  mpi::Pending pending_;
};

}  // namespace gemel::exchange
