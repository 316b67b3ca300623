#include "exchange/segment_reduce.hpp"

#include "tensor/arithmetic.hpp"

namespace gemel::exchange {

void sum_own_lanes(const LaneLayout& layout, tensor::MatrixView lanes) {
  for (const Merge& merge : layout.local_merges)
    tensor::add_into(lanes.row(merge.into), lanes.row(merge.from));
}

void SegmentReduce::start(tensor::MatrixView lanes, std::span<const std::size_t> segments) {
  sum_own_lanes(layout_, lanes);
  const auto ranks = static_cast<std::size_t>(layout_.ranks);
  own_segment_ = segments[static_cast<std::size_t>(layout_.rank)];
  send_counts_.resize(ranks);
  receive_counts_.resize(ranks);
  std::size_t received = 0;
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    send_counts_[rank] = segments[rank] * layout_.subtrees.size();
    receive_counts_[rank] = own_segment_ * layout_.subtree_counts[rank];
    received += receive_counts_[rank];
  }
  received_.resize(received);
  // The sum of a single subtree lies as it is to be sent.
  const std::span<const float> outgoing =
      layout_.subtrees.size() == 1 ? lanes.row(layout_.subtrees.front().first) : pack(lanes, segments);
  communicator_.start_all_to_all(outgoing, std::span<const std::size_t>(send_counts_),
                                 std::span<float>(received_), std::span<const std::size_t>(receive_counts_),
                                 pending_);
}

std::span<const float> SegmentReduce::pack(tensor::ConstMatrixView lanes,
                                           std::span<const std::size_t> segments) {
  send_.clear();
  std::size_t start = 0;
  for (const std::size_t size : segments) {
    for (const LaneLayout::Subtree& subtree : layout_.subtrees) {
      const auto segment = lanes.row(subtree.first).subspan(start, size);
      send_.insert(send_.end(), segment.begin(), segment.end());
    }
    start += size;
  }
  return send_;
}

std::span<float> SegmentReduce::finish() {
  pending_.wait();
  const std::span<float> parts(received_);
  for (const Merge& merge : layout_.global_merges) {
    tensor::add_into(parts.subspan(merge.into * own_segment_, own_segment_),
                     parts.subspan(merge.from * own_segment_, own_segment_));
  }
  return parts.first(own_segment_);
}

}  // namespace gemel::exchange
