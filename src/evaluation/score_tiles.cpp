#include "evaluation/score_tiles.hpp"

#include "base/error.hpp"

namespace gemel::evaluation {
namespace {

constexpr std::size_t panel = tensor::CandidatePanels::panel;

}  // namespace

Shard shard_of_rank(std::size_t catalogue_size, int ranks, int rank) {
  const base::EvenCuts cuts(static_cast<std::int64_t>(catalogue_size), ranks);
  const auto first = static_cast<std::size_t>(cuts.start(rank));
  return {first, static_cast<std::size_t>(cuts.start(rank + 1)) - first};
}

base::EvenCuts cut_for_threads(std::size_t queries, int threads) {
  constexpr std::size_t most = 192;
  const auto parts = static_cast<int>((queries + most - 1) / most);
  return {static_cast<std::int64_t>(queries), (parts + threads - 1) / threads * threads};
}

ScoreTiles::ScoreTiles(Shard shard, tensor::ConstMatrixView candidates)
    : shard_(shard), candidates_(candidates) {
  base::require(candidates.rows() == shard.count, "evaluation: the candidates are not this rank's shard");
}

void ScoreTiles::score_tile(tensor::ConstMatrixView queries, std::size_t first,
                            std::span<float> scores) const {
  static_assert(tile_candidates % panel == 0);
  const std::size_t first_panel = first / panel;
  const std::size_t panels = std::min(tile_candidates / panel, candidates_.count() - first_panel);
  candidates_.score(queries, first_panel, panels, scores.data(), tile_candidates);
}

void ScoreTiles::count_flops(std::size_t queries, std::size_t candidates) {
  flops_ += static_cast<std::int64_t>(2 * queries * candidates * candidates_.dim());
}

float ScoreTiles::score(std::span<const float> query, std::size_t row) {
  alignas(64) std::array<float, panel> scores;
  const std::size_t place = row - shard_.first;
  candidates_.score({query.data(), 1, query.size()}, place / panel, 1, scores.data(), panel);
  count_flops(1, panel);
  return scores[place % panel];
}

}  // namespace gemel::evaluation
