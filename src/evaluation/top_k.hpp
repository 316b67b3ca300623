#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_team.hpp"
#include "evaluation/gathered_queries.hpp"
#include "evaluation/score_tiles.hpp"
#include "ingest/user_history.hpp"
#include "mpi/communicator.hpp"
#include "tensor/score_scan.hpp"

namespace gemel::evaluation {

/// The candidates that are left out of the list of a query, by its user.
struct Exclusion {
  const ingest::UserHistory* seen = nullptr;  ///< these; null: none
  const ingest::UserHistory* kept = nullptr;  ///< but not these; null: none
};

/// Exact top-k search over a catalogue whose candidate vectors are sharded over the ranks. Each rank scores all queries against
/// its own candidates, tile by tile, and keeps the best k of each query; the partial lists then go to the rank that asked and are
/// merged. The answer does not depend on the number of ranks.
class TopK {
 public:
  /// The best k candidates of a query, best first; fewer where there are no more.
  using List = std::span<const tensor::ScoredRow>;

  /// `tiles` are of this rank's shard of a catalogue of so many items. k >= 1. The references must outlive the object.
  TopK(mpi::Communicator& communicator, const base::ThreadTeam& team, ScoreTiles& tiles,
       std::size_t catalogue_size, std::size_t k, Exclusion exclusion = {});

  /// Queries [count, d] of this rank, at most most_queries; and the user of each, where some candidates are left out. Ranks may bring
  /// different numbers, also none. Throws AgreedError, with the exit code of DivergedError, for scores that are not finite. Collective. The lists, one for each query,
  /// are valid until the next call.
  std::span<const List> search(tensor::ConstMatrixView queries, std::span<const std::int32_t> users = {});

 private:
  using Best = std::vector<tensor::BestRows>;

  /// Finds this rank's best candidates for the queries [first, last) of all ranks.
  void search_part(std::size_t first, std::size_t last, Best& best);
  std::size_t leave_out(std::int32_t user, std::size_t first_row, std::span<float> scores) const;
  void return_partial_lists();
  void merge(std::size_t queries);
  std::size_t partial_size(int rank) const;

  mpi::Communicator& communicator_;
  const base::ThreadTeam& team_;
  ScoreTiles& tiles_;
  std::size_t catalogue_size_;
  std::size_t k_;
  Exclusion exclusion_;
  std::vector<Best> best_of_thread_;  // of the queries of a part

  GatheredQueries queries_;              // of all ranks
  std::vector<std::int32_t> users_;      // of all ranks
  std::vector<std::uint64_t> outgoing_;  // the partial list of each query, filled up with zeros
  std::vector<std::uint64_t> incoming_;
  std::vector<tensor::ScoredRow> best_;
  std::vector<List> lists_;
};

}  // namespace gemel::evaluation
