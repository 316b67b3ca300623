#include "gemel/exchange/candidate_gather.hpp"

namespace gemel::exchange {

CandidateGather::CandidateGather(const LanePlan& plan, mpi::Communicator& communicator,
                                 std::size_t catalogue_size, bool whole_catalogue)
    : plan_(plan),
      communicator_(communicator),
      whole_catalogue_(whole_catalogue),
      candidates_(catalogue_size) {
  if (whole_catalogue) candidates_.assign_all();
}

void CandidateGather::start(std::span<const std::int32_t> own_items, std::int64_t batch_size,
                            std::uint32_t own_flags) {
  if (whole_catalogue_) {
    own_items = {};
    batch_size = 0;
  }
  own_words_.assign(1, static_cast<std::int32_t>(own_flags));
  own_words_.insert(own_words_.end(), own_items.begin(), own_items.end());
  counts_.clear();
  for (int rank = 0; rank < plan_.ranks; ++rank) {
    const LaneRange lanes = lanes_of_rank(plan_.tree.lanes(), plan_.ranks, rank);
    counts_.push_back(1 + static_cast<std::size_t>(lane_start(batch_size, plan_.tree.lanes(), lanes.last) -
                                                   lane_start(batch_size, plan_.tree.lanes(), lanes.first)));
  }
  all_words_.resize(static_cast<std::size_t>(batch_size) + counts_.size());
  communicator_.start_all_gather(std::span<const std::int32_t>(own_words_), std::span(all_words_),
                                 std::span<const std::size_t>(counts_), pending_);
}

std::uint32_t CandidateGather::finish(std::span<const std::int32_t> drawn) {
  pending_.wait();
  std::uint32_t flags = 0;
  items_.clear();
  auto word = all_words_.cbegin();
  for (const std::size_t count : counts_) {
    flags |= static_cast<std::uint32_t>(*word);
    items_.insert(items_.end(), word + 1, word + static_cast<std::ptrdiff_t>(count));
    word += static_cast<std::ptrdiff_t>(count);
  }
  if (whole_catalogue_) return flags;
  items_.insert(items_.end(), drawn.begin(), drawn.end());
  candidates_.assign(items_);
  return flags;
}

}  // namespace gemel::exchange
