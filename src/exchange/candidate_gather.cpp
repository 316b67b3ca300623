#include "exchange/candidate_gather.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "base/even_cuts.hpp"

namespace gemel::exchange {
namespace {

constexpr std::ptrdiff_t words_of_weight = sizeof(double) / sizeof(std::int32_t);

}  // namespace

CandidateGather::CandidateGather(const LaneLayout& layout, mpi::Communicator& communicator,
                                 std::size_t catalogue_size, bool whole_catalogue)
    : layout_(layout),
      communicator_(communicator),
      whole_catalogue_(whole_catalogue),
      candidates_(catalogue_size) {
  if (whole_catalogue) candidates_.assign_all();
}

void CandidateGather::start(std::span<const std::int32_t> own_items, std::int64_t batch_size,
                            std::uint32_t own_flags, std::span<const double> own_weights) {
  has_weights_ = !own_weights.empty();
  weight_ = static_cast<double>(batch_size);
  if (whole_catalogue_) {
    own_items = {};
    batch_size = 0;
  }
  own_words_.assign(1, static_cast<std::int32_t>(own_flags));
  for (const double weight : own_weights) {
    const auto words = std::bit_cast<std::array<std::int32_t, words_of_weight>>(weight);
    own_words_.insert(own_words_.end(), words.begin(), words.end());
  }
  own_words_.insert(own_words_.end(), own_items.begin(), own_items.end());
  const base::EvenCuts batch(batch_size, layout_.tree.lanes());
  counts_.clear();
  for (int rank = 0; rank < layout_.ranks; ++rank) {
    const LaneRange lanes = lanes_of_rank(layout_.tree.lanes(), layout_.ranks, rank);
    const std::size_t weights = has_weights_ ? static_cast<std::size_t>(lanes.size()) : 0;
    counts_.push_back(1 + static_cast<std::size_t>(words_of_weight) * weights +
                      static_cast<std::size_t>(batch.start(lanes.last) - batch.start(lanes.first)));
  }
  all_words_.resize(std::accumulate(counts_.begin(), counts_.end(), std::size_t{0}));
  communicator_.start_all_gather(std::span<const std::int32_t>(own_words_), std::span(all_words_),
                                 std::span<const std::size_t>(counts_), pending_);
}

std::uint32_t CandidateGather::finish(std::span<const std::int32_t> drawn) {
  pending_.wait();
  std::uint32_t flags = 0;
  items_.clear();
  weights_.clear();
  auto word = all_words_.cbegin();
  for (std::size_t rank = 0; rank < counts_.size(); ++rank) {
    const auto end = word + static_cast<std::ptrdiff_t>(counts_[rank]);
    flags |= static_cast<std::uint32_t>(*word++);
    const int lanes = lanes_of_rank(layout_.tree.lanes(), layout_.ranks, static_cast<int>(rank)).size();
    for (int lane = 0; has_weights_ && lane < lanes; ++lane, word += words_of_weight) {
      std::array<std::int32_t, words_of_weight> words;
      std::copy_n(word, words_of_weight, words.begin());
      weights_.push_back(std::bit_cast<double>(words));
    }
    items_.insert(items_.end(), word, end);
    word = end;
  }
  if (has_weights_) weight_ = layout_.tree.sum_in_place(weights_);
  if (whole_catalogue_) return flags;
  items_.insert(items_.end(), drawn.begin(), drawn.end());
  candidates_.assign(items_);
  return flags;
}

}  // namespace gemel::exchange
