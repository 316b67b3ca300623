#include "evaluation/score_tiles.hpp"

#include "base/error.hpp"
#include "base/even_cuts.hpp"

namespace gemel::evaluation {
namespace {

std::size_t round_up(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

Shard shard_of_rank(std::size_t catalogue_size, int ranks, int rank) {
  const base::EvenCuts cuts(static_cast<std::int64_t>(catalogue_size), ranks);
  const auto first = static_cast<std::size_t>(cuts.start(rank));
  return {first, static_cast<std::size_t>(cuts.start(rank + 1)) - first};
}

ScoreTiles::ScoreTiles(onednn::Runtime& runtime, Shard shard, tensor::ConstMatrixView candidates)
    : runtime_(runtime),
      shard_(shard),
      candidates_(round_up(candidates.rows(), tile_candidates), candidates.cols()),
      scratch_(static_cast<std::size_t>(runtime.threads())) {
  base::require(candidates.rows() == shard.count, "evaluation: the candidates are not this rank's shard");
  std::copy_n(candidates.data(), candidates.size(), candidates_.data());
}

ScoreTiles::Scratch& ScoreTiles::load(tensor::ConstMatrixView queries, int thread) {
  Scratch& scratch = scratch_[static_cast<std::size_t>(thread)];
  scratch.queries.resize(tile_queries, queries.cols());
  const auto flat = scratch.queries.view().flat();
  std::fill(std::copy_n(queries.data(), queries.size(), flat.begin()), flat.end(), 0.0F);
  scratch.scores.resize(tile_queries, tile_candidates);
  return scratch;
}

void ScoreTiles::multiply(Scratch& scratch, tensor::ConstMatrixView candidates, int thread) {
  runtime_.executor(thread).multiply(scratch.queries.view(), onednn::Transpose::no, candidates,
                                     onednn::Transpose::yes, scratch.scores.view());
  ++scratch.tiles;
}

std::int64_t ScoreTiles::flops() const {
  std::int64_t tiles = 0;
  for (const Scratch& scratch : scratch_) tiles += scratch.tiles;
  return tiles * static_cast<std::int64_t>(2 * tile_queries * tile_candidates * candidates_.cols());
}

void ScoreTiles::score_pairs(tensor::ConstMatrixView queries, std::span<const std::int32_t> rows,
                             std::span<float> scores, int thread) {
  Scratch& scratch = load(queries, thread);
  scratch.picked.resize(tile_candidates, queries.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto candidate = candidates_.row(static_cast<std::size_t>(rows[i]) - shard_.first);
    std::ranges::copy(candidate, scratch.picked.row(i).begin());
  }
  multiply(scratch, scratch.picked.view(), thread);
  for (std::size_t i = 0; i < rows.size(); ++i) scores[i] = scratch.scores(i, i);
}

}  // namespace gemel::evaluation
