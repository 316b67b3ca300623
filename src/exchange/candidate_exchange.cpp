#include "gemel/exchange/candidate_exchange.hpp"

#include <algorithm>

namespace gemel::exchange {

CandidateExchange::CandidateExchange(const LanePlan& plan, mpi::Communicator& communicator,
                                     std::size_t catalogue_size, std::size_t dim)
    : plan_(plan),
      communicator_(communicator),
      dim_(dim),
      candidates_(catalogue_size),
      counts_(static_cast<std::size_t>(plan.ranks)),
      reduce_(plan, communicator) {}

std::uint32_t CandidateExchange::gather(std::span<const std::int32_t> own_items, std::int64_t batch_size,
                                        std::uint32_t own_flags) {
  own_words_.assign(1, static_cast<std::int32_t>(own_flags));
  own_words_.insert(own_words_.end(), own_items.begin(), own_items.end());
  for (int rank = 0; rank < plan_.ranks; ++rank) {
    const LaneRange lanes = lanes_of_rank(plan_.tree.lanes(), plan_.ranks, rank);
    counts_[static_cast<std::size_t>(rank)] =
        1 + static_cast<std::size_t>(lane_start(batch_size, plan_.tree.lanes(), lanes.last) -
                                     lane_start(batch_size, plan_.tree.lanes(), lanes.first));
  }
  all_words_.resize(static_cast<std::size_t>(batch_size) + counts_.size());
  communicator_.start_all_gather(std::span<const std::int32_t>(own_words_), std::span(all_words_),
                                 std::span<const std::size_t>(counts_), gather_pending_);
  gather_pending_.wait();

  std::uint32_t flags = 0;
  items_.clear();
  auto word = all_words_.cbegin();
  for (const std::size_t count : counts_) {
    flags |= static_cast<std::uint32_t>(*word);
    items_.insert(items_.end(), word + 1, word + static_cast<std::ptrdiff_t>(count));
    word += static_cast<std::ptrdiff_t>(count);
  }
  candidates_.assign(items_);
  vectors_.resize(candidates_.columns(), dim_);
  gradients_.resize(static_cast<std::size_t>(plan_.lanes.size()), candidates_.columns() * dim_);
  return flags;
}

CandidateExchange::Slice CandidateExchange::slice(int lane) const {
  const auto granules = static_cast<std::int64_t>(candidates_.columns() / DistinctCandidates::granule);
  const auto border = [&](int index) {
    return static_cast<std::size_t>(lane_start(granules, plan_.tree.lanes(), index)) *
           DistinctCandidates::granule;
  };
  return {border(lane), border(lane + 1)};
}

CandidateExchange::Slice CandidateExchange::rank_slice(int rank) const {
  const LaneRange lanes = lanes_of_rank(plan_.tree.lanes(), plan_.ranks, rank);
  return {slice(lanes.first).first, slice(lanes.last - 1).last};
}

CandidateExchange::Slice CandidateExchange::own_slice() const {
  return rank_slice(plan_.rank);
}

void CandidateExchange::start_share() {
  for (int rank = 0; rank < plan_.ranks; ++rank)
    counts_[static_cast<std::size_t>(rank)] = rank_slice(rank).size() * dim_;
  const Slice own = own_slice();
  const auto mine = vectors_.view().middle_rows(own.first, own.size()).flat();
  communicator_.start_all_gather(std::span<const float>(mine), vectors_.view().flat(),
                                 std::span<const std::size_t>(counts_), share_pending_);
}

void CandidateExchange::start_reduce() {
  for (int rank = 0; rank < plan_.ranks; ++rank)
    counts_[static_cast<std::size_t>(rank)] = rank_slice(rank).size() * dim_;
  reduce_.start(gradients_.view(), counts_);
}

tensor::MatrixView CandidateExchange::finish_reduce() {
  return {reduce_.finish().data(), own_slice().size(), dim_};
}

}  // namespace gemel::exchange
