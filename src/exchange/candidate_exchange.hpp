#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "exchange/distinct_candidates.hpp"
#include "exchange/lane_tree.hpp"
#include "exchange/segment_reduce.hpp"
#include "exchange/tag.hpp"
#include "mpi/communicator.hpp"
#include "mpi/pending.hpp"
#include "tensor/matrix.hpp"

namespace gemel::exchange {

/// Columns [first, last) of a batch.
struct ColumnSlice {
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t size() const { return last - first; }
};

/// The columns, out of `columns`, that lane `lane` of `lanes` embeds: whole granules.
ColumnSlice slice_of_lane(std::size_t columns, int lanes, int lane);

/// What ranks tell each other about the distinct candidates of a batch: their vectors, and the gradients of those vectors. The
/// columns of DistinctCandidates are dealt to the lanes in whole granules; a rank embeds, and gets the gradient of, the slices of
/// its lanes.
class CandidateExchange {
 public:
  /// `dim` is the width of a candidate vector.
  CandidateExchange(const LaneLayout& layout, mpi::Communicator& communicator, std::size_t dim);

  /// Makes room for a batch with so many columns (DistinctCandidates::columns()).
  void begin(std::size_t columns);

  /// The slices of all lanes of this rank, which lie one after the other.
  ColumnSlice own_slice() const;

  /// [columns, dim]: the rows of own_slice() are for this rank to fill in; `finish_share` brings the others.
  tensor::MatrixView vectors() { return vectors_.view(); }
  /// Begins to send the own slice's vectors to all others, (n - 1) / n * columns * dim * 4 bytes. Collective.
  void start_share();
  void finish_share() { share_pending_.wait(); }

  /// [own lanes, columns * dim]: each own lane writes its gradient of all vectors here, whole.
  tensor::MatrixView gradients() { return gradients_.view(); }
  /// Begins to sum the gradients over all lanes, each column's for the rank whose slice it is in. Collective.
  void start_reduce();
  /// The sum for the own slice, [own_slice().size(), dim]; valid until the next `start_reduce`.
  tensor::MatrixView finish_reduce();

  /// Lets MPI move data; call now and then between start and finish.
  void progress() {
    share_pending_.progress();
    reduce_.progress();
  }

 private:
  ColumnSlice rank_slice(int rank) const;

  const LaneLayout& layout_;
  mpi::Communicator& communicator_;
  std::size_t dim_;
  std::vector<std::size_t> counts_;
  tensor::Matrix vectors_;
  tensor::Matrix gradients_;
  mpi::Pending share_pending_{tag::candidate_share};
  SegmentReduce reduce_;
};

}  // namespace gemel::exchange
