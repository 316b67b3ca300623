#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "gemel/exchange/lane_tree.hpp"
#include "gemel/exchange/segment_reduce.hpp"
#include "gemel/mpi/communicator.hpp"
#include "gemel/mpi/pending.hpp"
#include "gemel/tensor/matrix.hpp"

namespace gemel::exchange {

/// Whether a buffer of `size` floats is summed by recursive doubling.
bool doubles_recursively(int lanes, int ranks, std::size_t size);

/// All-reduce along the lane tree of one flat buffer, the gradients of all dense parameters: every rank gets the same bits, which
/// do not depend on the number of ranks.
///
/// Small buffers on a power of two of ranks go by recursive doubling: log2(n) messages of the whole buffer each. Others are
/// cut into n segments: reduce-scatter, then all-gather, which moves 2 * size * 4 * (n - 1) / n bytes per rank.
class DenseExchange {
 public:
  /// Buffers of at most this many bytes are small: below it latency costs more than bandwidth.
  static constexpr std::size_t small_bytes = 64 * 1024;

  DenseExchange(const LanePlan& plan, mpi::Communicator& communicator, std::size_t size);

  /// `lanes` [own lanes, size] holds each own lane's addend, and is overwritten. Returns the sum over all lanes, valid until
  /// the next call. Collective.
  std::span<const float> all_reduce(tensor::MatrixView lanes);

  /// Whether this exchange goes by recursive doubling.
  bool doubles() const { return doubles_; }

 private:
  void double_recursively(std::span<float> sum);

  const LanePlan& plan_;
  mpi::Communicator& communicator_;
  SegmentReduce reduce_;
  bool doubles_;
  std::vector<std::size_t> segments_;
  tensor::AlignedVector<float> sum_;
  tensor::AlignedVector<float> peer_;
  mpi::Pending pending_;
};

}  // namespace gemel::exchange
