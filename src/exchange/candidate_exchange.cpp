#include "exchange/candidate_exchange.hpp"

#include "base/even_cuts.hpp"

namespace gemel::exchange {

ColumnSlice slice_of_lane(std::size_t columns, int lanes, int lane) {
  const base::EvenCuts granules(static_cast<std::int64_t>(columns / DistinctCandidates::granule), lanes);
  const auto border = [&](int index) {
    return static_cast<std::size_t>(granules.start(index)) * DistinctCandidates::granule;
  };
  return {border(lane), border(lane + 1)};
}

CandidateExchange::CandidateExchange(const LaneLayout& layout, mpi::Communicator& communicator,
                                     std::size_t dim)
    : layout_(layout),
      communicator_(communicator),
      dim_(dim),
      counts_(static_cast<std::size_t>(layout.ranks)),
      reduce_(layout, communicator, tag::candidate_reduce) {}

void CandidateExchange::begin(std::size_t columns) {
  vectors_.resize(columns, dim_);
  gradients_.resize(static_cast<std::size_t>(layout_.lanes.size()), columns * dim_);
}

ColumnSlice CandidateExchange::rank_slice(int rank) const {
  const int all = layout_.tree.lanes();
  const LaneRange lanes = lanes_of_rank(all, layout_.ranks, rank);
  return {slice_of_lane(vectors_.rows(), all, lanes.first).first,
          slice_of_lane(vectors_.rows(), all, lanes.last - 1).last};
}

ColumnSlice CandidateExchange::own_slice() const {
  return rank_slice(layout_.rank);
}

void CandidateExchange::start_share() {
  for (int rank = 0; rank < layout_.ranks; ++rank)
    counts_[static_cast<std::size_t>(rank)] = rank_slice(rank).size() * dim_;
  const ColumnSlice own = own_slice();
  const auto mine = vectors_.view().middle_rows(own.first, own.size()).flat();
  communicator_.start_all_gather(std::span<const float>(mine), vectors_.view().flat(),
                                 std::span<const std::size_t>(counts_), share_pending_);
}

void CandidateExchange::start_reduce() {
  for (int rank = 0; rank < layout_.ranks; ++rank)
    counts_[static_cast<std::size_t>(rank)] = rank_slice(rank).size() * dim_;
  reduce_.start(gradients_.view(), counts_);
}

tensor::MatrixView CandidateExchange::finish_reduce() {
  return {reduce_.finish().data(), own_slice().size(), dim_};
}

}  // namespace gemel::exchange
