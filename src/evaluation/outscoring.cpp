#include "evaluation/outscoring.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "tensor/score_scan.hpp"

namespace gemel::evaluation {
namespace {

constexpr std::size_t tile_queries = ScoreTiles::tile_queries;

int blocks_of(std::size_t queries) {
  return static_cast<int>((queries + tile_queries - 1) / tile_queries);
}

}  // namespace

Outscoring::Outscoring(mpi::Communicator& communicator, const base::ThreadTeam& team, ScoreTiles& tiles,
                       const ingest::UserHistory* seen)
    : communicator_(communicator), team_(team), tiles_(tiles), seen_(seen) {}

std::span<const tensor::Standing> Outscoring::count(tensor::ConstMatrixView queries,
                                                    std::span<const std::int32_t> true_rows,
                                                    std::span<const std::int32_t> users) {
  queries_.gather(queries, communicator_);
  queries_.gather(true_rows, true_rows_, communicator_);
  if (seen_ != nullptr) queries_.gather(users, users_, communicator_);
  find_true_scores();
  counts_.assign(2 * queries_.size(), 0);
  team_.for_each(blocks_of(queries_.size()),
                 [&](int block, int thread) { count_block(static_cast<std::size_t>(block), thread); });
  communicator_.sum(std::span(counts_));
  standings_.clear();
  const std::size_t first = queries_.first_of(communicator_.rank());
  for (std::size_t query = first; query < first + queries.rows(); ++query)
    standings_.push_back({counts_[2 * query], counts_[2 * query + 1]});
  return standings_;
}

void Outscoring::find_true_scores() {
  std::vector<std::size_t> own;  // queries whose true candidate is in this shard
  for (std::size_t query = 0; query < true_rows_.size(); ++query) {
    if (tiles_.shard().contains(static_cast<std::size_t>(true_rows_[query]))) own.push_back(query);
  }
  std::vector<std::int64_t> bits(true_rows_.size(), 0);  // of all scores; each is told by one rank
  team_.for_each(blocks_of(own.size()), [&](int block, int thread) {
    const std::size_t first = static_cast<std::size_t>(block) * tile_queries;
    const auto picked = std::span(own).subspan(first, std::min(tile_queries, own.size() - first));
    tensor::Matrix vectors(picked.size(), queries_.vectors().cols());
    std::vector<std::int32_t> rows;
    for (std::size_t i = 0; i < picked.size(); ++i) {
      std::ranges::copy(queries_.vectors().row(picked[i]), vectors.row(i).begin());
      rows.push_back(true_rows_[picked[i]]);
    }
    std::vector<float> scores(picked.size());
    tiles_.score_pairs(vectors.view(), rows, scores, thread);
    for (std::size_t i = 0; i < picked.size(); ++i) bits[picked[i]] = std::bit_cast<std::uint32_t>(scores[i]);
  });
  communicator_.sum(std::span(bits));
  true_scores_.clear();
  for (const std::int64_t word : bits) {
    true_scores_.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(word)));
    if (!std::isfinite(true_scores_.back())) tensor::throw_not_finite();
  }
}

void Outscoring::count_block(std::size_t block, int thread) {
  const std::size_t first = block * tile_queries;
  const std::size_t count = std::min(tile_queries, queries_.size() - first);
  tiles_.for_each_tile(queries_.vectors().middle_rows(first, count), thread,
                       [&](std::size_t first_row, std::size_t candidates, tensor::MatrixView scores) {
                         for (std::size_t i = 0; i < count; ++i) {
                           const std::span<float> of_query = scores.row(i).first(candidates);
                           leave_out(first + i, first_row, of_query);
                           const tensor::Standing standing =
                               tensor::compare_scores(of_query, true_scores_[first + i]);
                           counts_[2 * (first + i)] += standing.higher;
                           counts_[2 * (first + i) + 1] += standing.equal;
                         }
                       });
}

void Outscoring::leave_out(std::size_t query, std::size_t first_row, std::span<float> scores) const {
  constexpr float below_all = -std::numeric_limits<float>::infinity();
  const std::size_t true_row = static_cast<std::size_t>(true_rows_[query]) - first_row;
  if (true_row < scores.size()) scores[true_row] = below_all;  // a row before first_row wraps to a large one
  if (seen_ == nullptr) return;
  for (const std::int32_t item : seen_->items(users_[query], first_row, first_row + scores.size()))
    scores[static_cast<std::size_t>(item) - first_row] = below_all;
}

}  // namespace gemel::evaluation
