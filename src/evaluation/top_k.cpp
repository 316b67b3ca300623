#include "evaluation/top_k.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "mpi/agreement.hpp"

namespace gemel::evaluation {

TopK::TopK(mpi::Communicator& communicator, const base::ThreadTeam& team, ScoreTiles& tiles,
           std::size_t catalogue_size, std::size_t k, Exclusion exclusion)
    : communicator_(communicator),
      team_(team),
      tiles_(tiles),
      catalogue_size_(catalogue_size),
      k_(std::min(k, catalogue_size)),
      exclusion_(exclusion) {
  base::require(k >= 1, "evaluation: the best 0 are none");
  best_of_thread_.resize(static_cast<std::size_t>(team.threads()));
}

std::size_t TopK::partial_size(int rank) const {
  return std::min(k_, shard_of_rank(catalogue_size_, communicator_.size(), rank).count);
}

std::span<const TopK::List> TopK::search(tensor::ConstMatrixView queries,
                                         std::span<const std::int32_t> users) {
  queries_.gather(queries, communicator_);
  if (exclusion_.seen != nullptr) queries_.gather(users, users_, communicator_);
  outgoing_.assign(queries_.size() * partial_size(communicator_.rank()), 0);
  const base::EvenCuts parts = cut_for_threads(queries_.size(), team_.threads());
  mpi::agree(communicator_, [&] {
    team_.for_each(parts.parts(), [&](int part, int thread) {
      search_part(static_cast<std::size_t>(parts.start(part)),
                  static_cast<std::size_t>(parts.start(part + 1)),
                  best_of_thread_[static_cast<std::size_t>(thread)]);
    });
  });
  return_partial_lists();
  merge(queries.rows());
  return lists_;
}

void TopK::search_part(std::size_t first, std::size_t last, Best& best) {
  const std::size_t size = partial_size(communicator_.rank());
  if (size == 0) return;
  best.resize(std::max(best.size(), last - first), tensor::BestRows(size));
  std::vector<std::size_t> left_out(last - first, 0);
  tiles_.for_each(queries_.vectors().middle_rows(first, last - first),
                  [&](std::size_t i, std::size_t first_row, std::span<float> scores) {
                    if (exclusion_.seen != nullptr)
                      left_out[i] += leave_out(users_[first + i], first_row, scores);
                    best[i].scan(scores, static_cast<std::uint32_t>(first_row));
                  });
  for (std::size_t i = 0; i < last - first; ++i) {
    const std::span<tensor::ScoredRow> list = std::span(outgoing_).subspan((first + i) * size, size);
    const std::size_t found = best[i].take(list);
    if (found != std::min(size, tiles_.shard().count - left_out[i]) ||
        (found > 0 && !std::isfinite(tensor::score_of(list.front()))))
      tensor::throw_not_finite();
  }
}

/// Gives the candidates that the user has seen the least of all scores. Returns how many they are.
std::size_t TopK::leave_out(std::int32_t user, std::size_t first_row, std::span<float> scores) const {
  std::size_t count = 0;
  for (const std::int32_t item : exclusion_.seen->items(user, first_row, first_row + scores.size())) {
    if (exclusion_.kept != nullptr && exclusion_.kept->contains(user, item)) continue;
    scores[static_cast<std::size_t>(item) - first_row] = -std::numeric_limits<float>::infinity();
    ++count;
  }
  return count;
}

void TopK::return_partial_lists() {
  std::vector<std::size_t> send_counts;
  std::vector<std::size_t> receive_counts;
  const std::size_t own_queries = queries_.counts()[static_cast<std::size_t>(communicator_.rank())];
  for (int rank = 0; rank < communicator_.size(); ++rank) {
    send_counts.push_back(queries_.counts()[static_cast<std::size_t>(rank)] *
                          partial_size(communicator_.rank()));
    receive_counts.push_back(own_queries * partial_size(rank));
  }
  incoming_.resize(std::accumulate(receive_counts.begin(), receive_counts.end(), std::size_t{0}));
  mpi::Pending pending;
  communicator_.start_all_to_all(std::span<const std::uint64_t>(outgoing_),
                                 std::span<const std::size_t>(send_counts), std::span(incoming_),
                                 std::span<const std::size_t>(receive_counts), pending);
  pending.wait();
}

void TopK::merge(std::size_t queries) {
  best_.resize(queries * k_);
  lists_.clear();
  std::vector<tensor::ScoredRow> pool;
  for (std::size_t query = 0; query < queries; ++query) {
    pool.clear();
    const std::uint64_t* lists = incoming_.data();
    for (int rank = 0; rank < communicator_.size(); ++rank) {
      const std::size_t words = partial_size(rank);
      const std::uint64_t* list = lists + query * words;
      const auto middle = static_cast<std::ptrdiff_t>(pool.size());
      // What fills a list up is worse than any candidate.
      pool.insert(pool.end(), list, std::find(list, list + words, std::uint64_t{0}));
      std::inplace_merge(pool.begin(), pool.begin() + middle, pool.end(), std::greater<>());
      if (pool.size() > k_) pool.resize(k_);
      lists += queries * words;
    }
    const std::span<tensor::ScoredRow> best = std::span(best_).subspan(query * k_, pool.size());
    std::ranges::copy(pool, best.begin());
    lists_.emplace_back(best);
  }
}

}  // namespace gemel::evaluation
