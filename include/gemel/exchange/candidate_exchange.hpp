#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gemel/exchange/distinct_candidates.hpp"
#include "gemel/exchange/lane_tree.hpp"
#include "gemel/exchange/segment_reduce.hpp"
#include "gemel/mpi/communicator.hpp"
#include "gemel/mpi/pending.hpp"
#include "gemel/tensor/matrix.hpp"

namespace gemel::exchange {

/// What ranks tell each other about the candidates of a batch: which items there are, the vectors of the distinct ones, and the
/// gradients of those vectors. The columns of DistinctCandidates are dealt to the lanes in whole granules; a rank embeds, and
/// gets the gradient of, the slices of its lanes.
class CandidateExchange {
 public:
  /// `dim` is the width of a candidate vector.
  CandidateExchange(const LanePlan& plan, mpi::Communicator& communicator, std::size_t catalogue_size,
                    std::size_t dim);

  /// Gathers the items of all ranks' lanes of a batch of `batch_size` examples: batch_size * 4 bytes in all. With them
  /// travels one word of `flags` per rank; returns the bitwise or over all ranks. Collective.
  std::uint32_t gather(std::span<const std::int32_t> own_items, std::int64_t batch_size,
                       std::uint32_t own_flags);

  const DistinctCandidates& candidates() const { return candidates_; }

  /// Columns [first, last) that lane `lane` embeds.
  struct Slice {
    std::size_t first = 0;
    std::size_t last = 0;
    std::size_t size() const { return last - first; }
  };
  Slice slice(int lane) const;
  /// The slices of all lanes of this rank, which lie one after the other.
  Slice own_slice() const;

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

 private:
  Slice rank_slice(int rank) const;

  const LanePlan& plan_;
  mpi::Communicator& communicator_;
  std::size_t dim_;
  DistinctCandidates candidates_;
  std::vector<std::int32_t> own_words_;
  std::vector<std::int32_t> all_words_;
  std::vector<std::int32_t> items_;
  std::vector<std::size_t> counts_;
  tensor::Matrix vectors_;
  tensor::Matrix gradients_;
  mpi::Pending gather_pending_;
  mpi::Pending share_pending_;
  SegmentReduce reduce_;
};

}  // namespace gemel::exchange
