#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "exchange/lane_tree.hpp"
#include "exchange/segment_reduce.hpp"
#include "exchange/tag.hpp"
#include "mpi/communicator.hpp"
#include "mpi/pending.hpp"
#include "tensor/matrix.hpp"

namespace gemel::exchange {

/// Whether a buffer of `size` floats is summed by recursive doubling.
bool doubles_recursively(int lanes, int ranks, std::size_t size);

/// Bytes of such a buffer that a rank sends, where ranks have so many subtrees: the means over ranks.
double dense_exchange_bytes(int lanes, int ranks, double subtrees, std::size_t size);

/// All-reduce along the lane tree of one flat buffer, the gradients of all dense parameters: every rank gets the same bits, which
/// do not depend on the number of ranks.
///
/// The buffer is cut into n segments: reduce-scatter, then all-gather, 2 * (n - 1) messages of 1 / n of the buffer each, in two
/// rounds. Where a whole buffer travels faster than that, small ones go by recursive doubling: log2(n) messages, a round each.
class DenseExchange {
 public:
  /// Buffers of at most this many bytes are small: below it latency costs more than bandwidth.
  static constexpr std::size_t small_bytes = 64 * 1024;
  /// With more ranks than these, a rank is longer at 2 * (n - 1) messages than at log2(n) rounds.
  static constexpr int few_ranks = 32;

  DenseExchange(const LaneLayout& layout, mpi::Communicator& communicator, std::size_t size);
  /// The same, which goes by recursive doubling if that is told, whatever would be faster. It needs powers of two of ranks and lanes.
  DenseExchange(const LaneLayout& layout, mpi::Communicator& communicator, std::size_t size, bool doubles);

  /// Begins to sum. `lanes` [own lanes, size] holds each own lane's addend; it is overwritten, and must stay until `finish`.
  /// Collective.
  void start(tensor::MatrixView lanes);
  /// Waits for all rounds but the last, which it begins. `finish` does, too. Collective.
  void advance();
  /// Waits for the sum over all lanes, which is valid until the next `start`, as long as the lanes stay. May be called again: it
  /// returns the same. Collective.
  std::span<const float> finish();

 private:
  void start_doubling(int distance);
  void finish_doubling();

  const LaneLayout& layout_;
  mpi::Communicator& communicator_;
  std::size_t size_;
  bool doubles_;
  bool has_advanced_ = false;
  bool has_finished_ = false;
  // By segments.
  SegmentReduce reduce_;
  std::vector<std::size_t> segments_;
  tensor::AlignedVector<float> sum_;
  // By recursive doubling.
  std::span<float> own_;                     // the sum of the lanes so far
  int distance_ = 1;                         // how far away the partner of the round under way is
  tensor::AlignedVector<float> peer_;        // what the partner has
  mpi::Pending pending_{tag::dense_gather};  // the last member: it waits before they go
};

}  // namespace gemel::exchange
