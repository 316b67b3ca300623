#include "evaluation/outscoring.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "tensor/score_scan.hpp"

namespace gemel::evaluation {
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
  const base::EvenCuts parts = cut_for_threads(queries_.size(), team_.threads());
  team_.for_each(parts.parts(), [&](int part, int) {
    count_part(static_cast<std::size_t>(parts.start(part)), static_cast<std::size_t>(parts.start(part + 1)));
  });
  communicator_.sum(std::span(counts_));
  standings_.clear();
  const std::size_t first = queries_.first_of(communicator_.rank());
  for (std::size_t query = first; query < first + queries.rows(); ++query)
    standings_.push_back({counts_[2 * query], counts_[2 * query + 1]});
  return standings_;
}

void Outscoring::find_true_scores() {
  std::vector<std::int64_t> bits(true_rows_.size(), 0);  // of all scores; each is told by one rank
  for (std::size_t query = 0; query < true_rows_.size(); ++query) {
    const auto row = static_cast<std::size_t>(true_rows_[query]);
    if (tiles_.shard().contains(row))
      bits[query] = std::bit_cast<std::uint32_t>(tiles_.score(queries_.vectors().row(query), row));
  }
  communicator_.sum(std::span(bits));
  true_scores_.clear();
  for (const std::int64_t word : bits) {
    true_scores_.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(word)));
    if (!std::isfinite(true_scores_.back())) tensor::throw_not_finite();
  }
}

void Outscoring::count_part(std::size_t first, std::size_t last) {
  tiles_.for_each(queries_.vectors().middle_rows(first, last - first),
                  [&](std::size_t i, std::size_t first_row, std::span<float> scores) {
                    const std::size_t query = first + i;
                    leave_out(query, first_row, scores);
                    const tensor::Standing standing = tensor::compare_scores(scores, true_scores_[query]);
                    counts_[2 * query] += standing.higher;
                    counts_[2 * query + 1] += standing.equal;
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
