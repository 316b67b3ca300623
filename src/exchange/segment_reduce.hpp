#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "exchange/lane_tree.hpp"
#include "mpi/communicator.hpp"
#include "mpi/pending.hpp"
#include "tensor/matrix.hpp"

namespace gemel::exchange {

/// Adds the lanes' buffers of this rank along the lane tree, in place: afterwards row subtrees[s].first of `lanes`
/// [own lanes, size] holds the sum of subtree s.
void sum_own_lanes(const LaneLayout& layout, tensor::MatrixView lanes);

/// Reduce-scatter along the lane tree: every lane has a buffer of `size` floats, and each rank is to get the sum over all lanes
/// of its own segment of it. A rank sends each other rank that rank's segment of its subtree sums (size * 4 bytes * (1 - own
/// share) for one subtree), and adds what it receives in the tree's order.
class SegmentReduce {
 public:
  /// `tag` is that of its messages.
  SegmentReduce(const LaneLayout& layout, mpi::Communicator& communicator, int tag)
      : layout_(layout), communicator_(communicator), pending_(tag) {}

  /// Sums the own lanes (in place) and begins to send. Segment r of the buffer is `segments[r]` floats long; they lie one
  /// after the other. `lanes` [own lanes, size] may be reused once `finish` has returned. Collective.
  void start(tensor::MatrixView lanes, std::span<const std::size_t> segments);

  /// Waits, adds, and returns the sum of this rank's segment; valid until the next `start`.
  std::span<float> finish();

  /// Lets MPI move data; call now and then between start and finish.
  void progress() { pending_.progress(); }

 private:
  std::span<const float> pack(tensor::ConstMatrixView lanes, std::span<const std::size_t> segments);

  const LaneLayout& layout_;
  mpi::Communicator& communicator_;
  std::vector<std::size_t> send_counts_;
  std::vector<std::size_t> receive_counts_;
  std::size_t own_segment_ = 0;
  tensor::AlignedVector<float> send_;      // where a rank has several subtrees
  tensor::AlignedVector<float> received_;  // the own segment of every rank's subtrees, in rank order
  mpi::Pending pending_;                   // the last member: it waits before they go
};

}  // namespace gemel::exchange
