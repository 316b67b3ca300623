#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "gemel/evaluation/score_scan.hpp"
#include "gemel/exchange/lane_team.hpp"
#include "gemel/mpi/communicator.hpp"
#include "gemel/onednn/runtime.hpp"
#include "gemel/tensor/matrix.hpp"

namespace gemel::evaluation {

/// The rows [first, first + count) of the catalogue that a rank scores.
struct Shard {
  std::size_t first = 0;
  std::size_t count = 0;
};
Shard shard_of_rank(std::size_t catalogue_size, int ranks, int rank);

/// Exact top-k search over a catalogue whose candidate vectors are sharded over the ranks. Each rank scores all queries against
/// its own candidates, tile by tile, and keeps the best k of each query; the partial lists then go to the rank that asked and are
/// merged. The answer does not depend on the number of ranks.
class TopK {
 public:
  /// What is known about one query afterwards.
  struct Answer {
    std::span<const ScoredRow> best;  ///< the min(k, catalogue) best candidates, best first
    float true_score = 0;             ///< of the query's true candidate, where one was named
  };

  static constexpr std::int32_t no_row = -1;

  /// `candidates` [shard count, d]: the vectors of this rank's shard. Kept as a view: they must stay. k >= 1.
  TopK(mpi::Communicator& communicator, const exchange::LaneTeam& team, onednn::Runtime& runtime,
       std::size_t catalogue_size, tensor::ConstMatrixView candidates, std::size_t k);

  /// Queries [count, d] of this rank, at most `most_queries` of them; ranks may bring different numbers, also none.
  /// true_rows[i] is a catalogue row whose score is wanted as well, or no_row. Collective. The answers, one for each query, are
  /// valid until the next call.
  std::span<const Answer> search(tensor::ConstMatrixView queries, std::span<const std::int32_t> true_rows);

  /// Queries of one rank in one call: bounds the memory of a round.
  static constexpr std::size_t most_queries = 1024;

 private:
  // Scores are computed in tiles of this shape whatever the numbers of queries and candidates: few shapes for oneDNN, and a tile
  // of scores stays in the second-level cache.
  static constexpr std::size_t tile_queries = 64;
  static constexpr std::size_t tile_candidates = 1024;

  struct Scratch {
    explicit Scratch(std::size_t k) : best(tile_queries, BestRows(k)) {}
    tensor::Matrix queries;
    tensor::Matrix scores;
    std::vector<BestRows> best;
  };

  void gather(tensor::ConstMatrixView queries, std::span<const std::int32_t> true_rows);
  void score_block(std::size_t block, int thread);
  void return_partial_lists();
  void merge(std::size_t queries);
  std::size_t partial_size(int rank) const;

  mpi::Communicator& communicator_;
  const exchange::LaneTeam& team_;
  onednn::Runtime& runtime_;
  std::size_t catalogue_size_;
  std::size_t k_;
  std::size_t dim_;
  Shard shard_;
  tensor::Matrix candidates_;     // [whole tiles, d], padded with zeros
  std::vector<Scratch> scratch_;  // one per thread

  std::vector<std::size_t> query_counts_;  // per rank
  tensor::Matrix queries_;                 // of all ranks
  std::vector<std::int32_t> true_rows_;    // of all ranks
  std::vector<std::uint64_t>
      outgoing_;  // per query: its true row if this shard has it, then the partial list
  std::vector<std::uint64_t> incoming_;
  std::vector<ScoredRow> best_;
  std::vector<Answer> answers_;
};

}  // namespace gemel::evaluation
