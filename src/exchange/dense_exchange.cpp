#include "gemel/exchange/dense_exchange.hpp"

#include <algorithm>
#include <bit>

#include "gemel/base/error.hpp"
#include "gemel/tensor/arithmetic.hpp"

namespace gemel::exchange {

bool doubles_recursively(int lanes, int ranks, std::size_t size) {
  // Doubling adds neighbours, then pairs of neighbours, and so on: the lane tree's order only where it is a perfect tree.
  const bool perfect =
      std::has_single_bit(static_cast<unsigned>(ranks)) && std::has_single_bit(static_cast<unsigned>(lanes));
  return perfect && size * sizeof(float) <= DenseExchange::small_bytes;
}

DenseExchange::DenseExchange(const LanePlan& plan, mpi::Communicator& communicator, std::size_t size)
    : plan_(plan),
      communicator_(communicator),
      reduce_(plan, communicator),
      doubles_(doubles_recursively(plan.tree.lanes(), plan.ranks, size)),
      sum_(size) {
  if (doubles_) peer_.resize(size);
  for (int rank = 0; rank < plan.ranks; ++rank) {
    const auto start = lane_start(static_cast<std::int64_t>(size), plan.ranks, rank);
    segments_.push_back(
        static_cast<std::size_t>(lane_start(static_cast<std::int64_t>(size), plan.ranks, rank + 1) - start));
  }
}

std::span<const float> DenseExchange::all_reduce(tensor::MatrixView lanes) {
  base::require(lanes.cols() == sum_.size(), "exchange: a dense gradient of a wrong size");
  if (plan_.ranks == 1) {
    sum_own_lanes(plan_, lanes);
    return lanes.row(0);
  }
  if (doubles_) {
    sum_own_lanes(plan_, lanes);
    double_recursively(lanes.row(0));
    return lanes.row(0);
  }
  reduce_.start(lanes, segments_);
  const std::span<const float> own = reduce_.finish();
  communicator_.start_all_gather(own, std::span<float>(sum_), std::span<const std::size_t>(segments_),
                                 pending_);
  pending_.wait();
  return sum_;
}

void DenseExchange::double_recursively(std::span<float> sum) {
  for (int distance = 1; distance < plan_.ranks; distance *= 2) {
    // Both partners add the same two numbers, and a + b has the bits of b + a.
    communicator_.start_exchange_with(plan_.rank ^ distance, std::span<const float>(sum),
                                      std::span<float>(peer_), pending_);
    pending_.wait();
    tensor::add_into(sum, peer_);
  }
}

}  // namespace gemel::exchange
