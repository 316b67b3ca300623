#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "onednn/runtime.hpp"
#include "tensor/matrix.hpp"

namespace gemel::evaluation {

/// The rows [first, first + count) of the catalogue that a rank scores.
struct Shard {
  std::size_t first = 0;
  std::size_t count = 0;

  bool contains(std::size_t row) const { return first <= row && row < first + count; }
};
Shard shard_of_rank(std::size_t catalogue_size, int ranks, int rank);

/// Scores queries against the candidates of one rank in tiles of one shape, whatever the numbers of queries and candidates: few shapes
/// for oneDNN, a tile of scores stays in the second-level cache, and the bits of a score do not depend on what else is scored.
class ScoreTiles {
 public:
  static constexpr std::size_t tile_queries = 64;
  static constexpr std::size_t tile_candidates = 1024;

  /// `candidates` [shard.count, d] are copied. The runtime must outlive the object.
  ScoreTiles(onednn::Runtime& runtime, Shard shard, tensor::ConstMatrixView candidates);

  const Shard& shard() const { return shard_; }

  /// Calls visit(first_row, candidates, scores) for every tile: scores [tile_queries, tile_candidates], of which the first
  /// queries.rows() rows and `candidates` columns count; column j is of the catalogue's row first_row + j. The scores may be
  /// overwritten. `queries` [at most tile_queries, d]. One call at a time on a thread.
  template <class Visit>
  void for_each_tile(tensor::ConstMatrixView queries, int thread, const Visit& visit) {
    Scratch& scratch = load(queries, thread);
    for (std::size_t tile = 0; tile < shard_.count; tile += tile_candidates) {
      multiply(scratch, candidates_.view().middle_rows(tile, tile_candidates), thread);
      visit(shard_.first + tile, std::min(tile_candidates, shard_.count - tile), scratch.scores.view());
    }
  }

  /// scores[i] becomes that of queries[i] and the candidate in row rows[i] of the catalogue, which must be one of this shard: the
  /// bits that for_each_tile has for them.
  void score_pairs(tensor::ConstMatrixView queries, std::span<const std::int32_t> rows,
                   std::span<float> scores, int thread);

  /// Floating-point operations of all tiles so far.
  std::int64_t flops() const;

 private:
  struct Scratch {
    tensor::Matrix queries;
    tensor::Matrix picked;
    tensor::Matrix scores;
    std::int64_t tiles = 0;  // that were computed
  };

  Scratch& load(tensor::ConstMatrixView queries, int thread);
  void multiply(Scratch& scratch, tensor::ConstMatrixView candidates, int thread);

  onednn::Runtime& runtime_;
  Shard shard_;
  tensor::Matrix candidates_;     // [whole tiles, d], padded with zeros
  std::vector<Scratch> scratch_;  // one per thread
};

}  // namespace gemel::evaluation
