#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/even_cuts.hpp"
#include "tensor/candidate_panels.hpp"

namespace gemel::evaluation {

/// The rows [first, first + count) of the catalogue that a rank scores.
struct Shard {
  std::size_t first = 0;
  std::size_t count = 0;

  bool contains(std::size_t row) const { return first <= row && row < first + count; }
};
Shard shard_of_rank(std::size_t catalogue_size, int ranks, int rank);

/// How queries are best cut for the threads that score them: each part is large enough to hide that the candidates come from memory,
/// and small enough for the second-level cache to hold what is known of its queries.
base::EvenCuts cut_for_threads(std::size_t queries, int threads);

/// Scores queries against the candidates of one rank in tiles: the scores of a tile stay in the first-level cache until they have been
/// looked at, its candidates in the second-level one until all queries have met them. One query is scored as fast as its candidates
/// come from memory. The bits of a score do not depend on what else is scored. May be used by several threads at once.
class ScoreTiles {
 public:
  /// `candidates` [shard.count, d] are copied.
  ScoreTiles(Shard shard, tensor::ConstMatrixView candidates);

  const Shard& shard() const { return shard_; }

  /// Candidates that are scored together.
  static constexpr std::size_t tile_candidates = 512;

  /// Calls visit(query, first_row, scores) until every query has met every candidate: scores[j] is that of the query and the
  /// catalogue's row first_row + j. They may be overwritten. The rows of a query come in ascending order. `queries` [count, d]: as
  /// many as cut_for_threads() says have their best speed.
  template <class Visit>
  void for_each(tensor::ConstMatrixView queries, const Visit& visit) {
    for_each(queries, 0, shard_.count, visit);
    count_flops(queries.rows(), shard_.count);
  }

  /// The same of the candidates [first, last) of this shard: both a multiple of tile_candidates, or `last` their number. It counts no
  /// operations.
  template <class Visit>
  void for_each(tensor::ConstMatrixView queries, std::size_t first, std::size_t last,
                const Visit& visit) const {
    alignas(64) std::array<float, tile_queries * tile_candidates> scores;
    for (std::size_t tile = first; tile < last; tile += tile_candidates) {
      const std::size_t candidates = std::min(tile_candidates, last - tile);
      for (std::size_t query = 0; query < queries.rows(); query += tile_queries) {
        const std::size_t count = std::min(tile_queries, queries.rows() - query);
        score_tile(queries.middle_rows(query, count), tile, scores);
        for (std::size_t i = 0; i < count; ++i)
          visit(query + i, shard_.first + tile, std::span(scores).subspan(i * tile_candidates, candidates));
      }
    }
  }

  /// The score of a query [d] and the candidate in a row of the catalogue, which must be one of this shard: the bits that for_each
  /// has for them.
  float score(std::span<const float> query, std::size_t row);

  /// Floating-point operations so far.
  std::int64_t flops() const { return flops_; }

 private:
  static constexpr std::size_t tile_queries = 12;

  void score_tile(tensor::ConstMatrixView queries, std::size_t first, std::span<float> scores) const;
  void count_flops(std::size_t queries, std::size_t candidates);

  Shard shard_;
  tensor::CandidatePanels candidates_;
  std::atomic<std::int64_t> flops_ = 0;
};

}  // namespace gemel::evaluation
