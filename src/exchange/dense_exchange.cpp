#include "exchange/dense_exchange.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.hpp"
#include "base/even_cuts.hpp"
#include "tensor/arithmetic.hpp"

namespace gemel::exchange {

bool doubles_recursively(int lanes, int ranks, std::size_t size) {
  if (ranks == 1) return true;  // no round at all
  // Doubling adds neighbours, then pairs of neighbours, and so on: the lane tree's order only where it is a perfect tree.
  const bool perfect =
      std::has_single_bit(static_cast<unsigned>(ranks)) && std::has_single_bit(static_cast<unsigned>(lanes));
  const bool pays = ranks <= 4 || ranks > DenseExchange::few_ranks;  // 4 ranks: two rounds either way
  return perfect && pays && size * sizeof(float) <= DenseExchange::small_bytes;
}

double dense_exchange_bytes(int lanes, int ranks, double subtrees, std::size_t size) {
  const auto bytes = static_cast<double>(size * sizeof(float));
  if (doubles_recursively(lanes, ranks, size)) return bytes * std::countr_zero(static_cast<unsigned>(ranks));
  return (subtrees + 1) * bytes * (ranks - 1) / ranks;
}

DenseExchange::DenseExchange(const LaneLayout& layout, mpi::Communicator& communicator, std::size_t size)
    : DenseExchange(layout, communicator, size,
                    doubles_recursively(layout.tree.lanes(), layout.ranks, size)) {}

DenseExchange::DenseExchange(const LaneLayout& layout, mpi::Communicator& communicator, std::size_t size,
                             bool doubles)
    : layout_(layout),
      communicator_(communicator),
      size_(size),
      doubles_(doubles),
      reduce_(layout, communicator, tag::dense_reduce) {
  if (doubles_) {
    if (layout.ranks > 1) peer_.resize(size);
    return;
  }
  sum_.resize(size);
  const base::EvenCuts cuts(static_cast<std::int64_t>(size), layout.ranks);
  for (int rank = 0; rank < layout.ranks; ++rank)
    segments_.push_back(static_cast<std::size_t>(cuts.start(rank + 1) - cuts.start(rank)));
}

void DenseExchange::start(tensor::MatrixView lanes) {
  base::require(lanes.cols() == size_, "exchange: a dense gradient of a wrong size");
  has_advanced_ = false;
  has_finished_ = false;
  if (!doubles_) {
    reduce_.start(lanes, segments_);
    return;
  }
  sum_own_lanes(layout_, lanes);
  own_ = lanes.row(0);
  if (layout_.ranks > 1) start_doubling(1);
}

void DenseExchange::advance() {
  if (std::exchange(has_advanced_, true)) return;
  if (!doubles_) {
    communicator_.start_all_gather(std::span<const float>(reduce_.finish()), std::span<float>(sum_),
                                   std::span<const std::size_t>(segments_), pending_);
    return;
  }
  while (distance_ * 2 < layout_.ranks) {
    finish_doubling();
    start_doubling(distance_ * 2);
  }
}

std::span<const float> DenseExchange::finish() {
  advance();
  if (!std::exchange(has_finished_, true)) {
    if (!doubles_) {
      pending_.wait();
    } else if (layout_.ranks > 1) {
      finish_doubling();
    }
  }
  return doubles_ ? own_ : std::span<float>(sum_);
}

void DenseExchange::start_doubling(int distance) {
  distance_ = distance;
  communicator_.start_exchange_with(layout_.rank ^ distance, std::span<const float>(own_),
                                    std::span<float>(peer_), pending_);
}

/// Both partners add the same two numbers, and a + b has the bits of b + a.
void DenseExchange::finish_doubling() {
  pending_.wait();
  tensor::add_into(own_, peer_);
}

}  // namespace gemel::exchange
