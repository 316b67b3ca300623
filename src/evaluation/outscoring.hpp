#pragma once

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

/// Counts for each query the candidates of the whole catalogue that score higher than its true one, and the others that score the
/// same. The candidates are sharded over the ranks: the rank that has a true candidate tells its score, then every rank counts in its
/// own shard, and the counts are summed. They do not depend on the number of ranks.
class Outscoring {
 public:
  /// `tiles` are of this rank's candidates. Those in `seen` (null: nothing) of a query's user are not counted. The references must
  /// outlive the object.
  Outscoring(mpi::Communicator& communicator, const base::ThreadTeam& team, ScoreTiles& tiles,
             const ingest::UserHistory* seen);

  /// Queries [count, d] of this rank, at most most_queries; the catalogue row of the true candidate of each; and its user, where
  /// there is a history. Ranks may bring different numbers. Throws DivergedError, on all ranks, for a true score that is not finite.
  /// Collective. The counts are valid until the next call.
  std::span<const tensor::Standing> count(tensor::ConstMatrixView queries,
                                          std::span<const std::int32_t> true_rows,
                                          std::span<const std::int32_t> users);

 private:
  void find_true_scores();
  /// Counts for the queries [first, last) of all ranks.
  void count_part(std::size_t first, std::size_t last);
  /// Sets to minus infinity what is not compared with the true candidate of a query: itself, and what its user has seen. `scores` are
  /// of the rows from first_row on.
  void leave_out(std::size_t query, std::size_t first_row, std::span<float> scores) const;

  mpi::Communicator& communicator_;
  const base::ThreadTeam& team_;
  ScoreTiles& tiles_;
  const ingest::UserHistory* seen_;
  // Of the queries of all ranks:
  GatheredQueries queries_;
  std::vector<std::int32_t> true_rows_;
  std::vector<std::int32_t> users_;
  std::vector<float> true_scores_;
  std::vector<std::int64_t> counts_;  // [2 * queries] higher, equal
  // Of this rank's queries:
  std::vector<tensor::Standing> standings_;
};

}  // namespace gemel::evaluation
