#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/thread_team.hpp"
#include "evaluation/score_tiles.hpp"
#include "ingest/user_history.hpp"
#include "mpi/communicator.hpp"
#include "tensor/matrix.hpp"
#include "tensor/matrix_view.hpp"

namespace gemel::serving {

/// An item in a query's list.
struct RankedItem {
  std::int32_t row = 0;  ///< of the catalogue
  float score = 0;

  friend bool operator==(const RankedItem&, const RankedItem&) = default;
};

/// Finds the items of the highest scores, exactly, among those of a catalogue that may be ranked. The score of a query and an item is the
/// dot product of their vectors; of equal scores the item that comes first in the catalogue is first. Each rank scores an even share
/// of these items. The answers do not depend on the number of ranks.
class Retriever {
 public:
  /// `vectors` [block, d] are of this rank's block of a catalogue of so many items. Those of the block that `is_allowed` says are ranked;
  /// null: all. The references must outlive the object. Collective.
  Retriever(std::int64_t catalogue_items, tensor::ConstMatrixView vectors,
            const std::vector<bool>* is_allowed, mpi::Communicator& communicator,
            const base::ThreadTeam& team);

  /// Items that are ranked, of all ranks.
  std::size_t size() const { return size_; }

  /// The best k items for each query, best first; fewer where there are no more. `queries` [count, d] of this rank, at most
  /// evaluation::most_queries; ranks may bring different numbers, also none. left_out[i] are rows of the catalogue, ascending, that are
  /// not for query i; empty: all items are for all of them. k >= 1. Throws DivergedError for scores that are not finite. Collective.
  std::vector<std::vector<RankedItem>> search(tensor::ConstMatrixView queries, std::size_t k,
                                              std::span<const std::span<const std::int32_t>> left_out = {});

 private:
  struct Share;

  Retriever(Share share, mpi::Communicator& communicator, const base::ThreadTeam& team);
  /// All of a catalogue, of which `vectors` are the block's; then those of them that are allowed. Collective.
  static Share whole_share(std::int64_t catalogue_items, tensor::ConstMatrixView vectors,
                           const mpi::Communicator& communicator);
  static Share allowed_share(const Share& whole, const std::vector<bool>& is_allowed,
                             mpi::Communicator& communicator);
  /// What is left out, as TopK takes it, of queries that have these numbers among those of all ranks. Collective.
  ingest::UserHistory exclude(std::span<const std::span<const std::int32_t>> left_out,
                              std::span<const std::int32_t> numbers);
  std::int32_t row_of(std::uint32_t candidate) const {
    return rows_.empty() ? static_cast<std::int32_t>(candidate) : rows_[candidate];
  }
  std::optional<std::int32_t> find(std::int32_t row) const;

  mpi::Communicator& communicator_;
  const base::ThreadTeam& team_;
  std::size_t size_;
  std::vector<std::int32_t> rows_;  // of the catalogue, of each candidate; empty: candidates are all its rows
  evaluation::ScoreTiles tiles_;
};

}  // namespace gemel::serving
