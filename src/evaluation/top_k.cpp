#include "gemel/evaluation/top_k.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include "gemel/base/error.hpp"

namespace gemel::evaluation {
namespace {

std::size_t round_up(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

Shard shard_of_rank(std::size_t catalogue_size, int ranks, int rank) {
  const auto border = [&](int index) {
    return catalogue_size * static_cast<std::size_t>(index) / static_cast<std::size_t>(ranks);
  };
  return {border(rank), border(rank + 1) - border(rank)};
}

TopK::TopK(mpi::Communicator& communicator, const exchange::LaneTeam& team, onednn::Runtime& runtime,
           std::size_t catalogue_size, tensor::ConstMatrixView candidates, std::size_t k)
    : communicator_(communicator),
      team_(team),
      runtime_(runtime),
      catalogue_size_(catalogue_size),
      k_(std::min(k, catalogue_size)),
      dim_(candidates.cols()),
      shard_(shard_of_rank(catalogue_size, communicator.size(), communicator.rank())),
      candidates_(round_up(candidates.rows(), tile_candidates), candidates.cols()) {
  base::require(k >= 1 && candidates.rows() == shard_.count,
                "evaluation: the candidates are not this rank's shard");
  std::copy_n(candidates.data(), candidates.size(), candidates_.data());
  for (int thread = 0; thread < team.threads(); ++thread)
    scratch_.emplace_back(std::max<std::size_t>(partial_size(communicator.rank()), 1));
}

std::size_t TopK::partial_size(int rank) const {
  return std::min(k_, shard_of_rank(catalogue_size_, communicator_.size(), rank).count);
}

std::span<const TopK::Answer> TopK::search(tensor::ConstMatrixView queries,
                                           std::span<const std::int32_t> true_rows) {
  base::require(queries.rows() <= most_queries && true_rows.size() == queries.rows(),
                "evaluation: too many queries");
  gather(queries, true_rows);
  outgoing_.resize(queries_.rows() * (1 + partial_size(communicator_.rank())));
  const std::size_t blocks = round_up(queries_.rows(), tile_queries) / tile_queries;
  team_.for_each(static_cast<int>(blocks),
                 [&](int block, int thread) { score_block(static_cast<std::size_t>(block), thread); });
  return_partial_lists();
  merge(queries.rows());
  return answers_;
}

void TopK::gather(tensor::ConstMatrixView queries, std::span<const std::int32_t> true_rows) {
  query_counts_ = communicator_.all_gather(queries.rows());
  const std::size_t total = std::accumulate(query_counts_.begin(), query_counts_.end(), std::size_t{0});
  queries_.resize(total, dim_);
  true_rows_.resize(total);
  std::vector<std::size_t> value_counts;
  for (const std::size_t count : query_counts_) value_counts.push_back(count * dim_);
  mpi::Pending pending;
  communicator_.start_all_gather(std::span<const float>(queries.flat()), queries_.view().flat(),
                                 std::span<const std::size_t>(value_counts), pending);
  communicator_.start_all_gather(true_rows, std::span(true_rows_),
                                 std::span<const std::size_t>(query_counts_), pending);
  pending.wait();
}

void TopK::score_block(std::size_t block, int thread) {
  Scratch& scratch = scratch_[static_cast<std::size_t>(thread)];
  const std::size_t first = block * tile_queries;
  const std::size_t count = std::min(tile_queries, queries_.rows() - first);
  scratch.queries.resize(tile_queries, dim_);
  std::fill_n(scratch.queries.data(), scratch.queries.size(), 0.0F);
  std::copy_n(queries_.row(first).data(), count * dim_, scratch.queries.data());
  scratch.scores.resize(tile_queries, tile_candidates);
  const std::size_t words = 1 + partial_size(communicator_.rank());
  for (std::size_t i = 0; i < count; ++i) {
    scratch.best[i].clear();
    outgoing_[(first + i) * words] = 0;
  }
  for (std::size_t tile = 0; tile < shard_.count; tile += tile_candidates) {
    const std::size_t candidates = std::min(tile_candidates, shard_.count - tile);
    runtime_.executor(thread).multiply(scratch.queries.view(), onednn::Transpose::no,
                                       candidates_.view().middle_rows(tile, tile_candidates),
                                       onednn::Transpose::yes, scratch.scores.view());
    const std::size_t first_row = shard_.first + tile;
    for (std::size_t i = 0; i < count; ++i) {
      const std::span<const float> scores = scratch.scores.row(i).first(candidates);
      scratch.best[i].scan(scores, static_cast<std::uint32_t>(first_row));
      const auto true_row =
          static_cast<std::size_t>(true_rows_[first + i]);  // no_row becomes larger than any
      if (first_row <= true_row && true_row < first_row + candidates) {
        outgoing_[(first + i) * words] =
            scored_row(scores[true_row - first_row], static_cast<std::uint32_t>(true_row));
      }
    }
  }
  for (std::size_t i = 0; i < count && words > 1; ++i) {
    const std::span<const ScoredRow> best = scratch.best[i].sorted();
    if (best.size() != words - 1) {
      throw base::DivergedError(
          "the model gives scores that are not finite numbers; try a lower --learning-rate");
    }
    std::copy(best.begin(), best.end(),
              outgoing_.begin() + static_cast<std::ptrdiff_t>((first + i) * words + 1));
  }
}

void TopK::return_partial_lists() {
  std::vector<std::size_t> send_counts;
  std::vector<std::size_t> receive_counts;
  const std::size_t own_queries = query_counts_[static_cast<std::size_t>(communicator_.rank())];
  for (int rank = 0; rank < communicator_.size(); ++rank) {
    send_counts.push_back(query_counts_[static_cast<std::size_t>(rank)] *
                          (1 + partial_size(communicator_.rank())));
    receive_counts.push_back(own_queries * (1 + partial_size(rank)));
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
  answers_.assign(queries, {});
  std::vector<ScoredRow> pool;
  for (std::size_t query = 0; query < queries; ++query) {
    pool.clear();
    Answer& answer = answers_[query];
    const std::uint64_t* lists = incoming_.data();
    for (int rank = 0; rank < communicator_.size(); ++rank) {
      const std::size_t words = 1 + partial_size(rank);
      const std::uint64_t* list = lists + query * words;
      if (list[0] != 0) answer.true_score = score_of(list[0]);
      const auto middle = static_cast<std::ptrdiff_t>(pool.size());
      pool.insert(pool.end(), list + 1, list + words);
      std::inplace_merge(pool.begin(), pool.begin() + middle, pool.end(), std::greater<>());
      if (pool.size() > k_) pool.resize(k_);
      lists += queries * words;
    }
    const std::span<ScoredRow> best = std::span(best_).subspan(query * k_, k_);
    std::copy(pool.begin(), pool.end(), best.begin());
    answer.best = best;
  }
}

}  // namespace gemel::evaluation
