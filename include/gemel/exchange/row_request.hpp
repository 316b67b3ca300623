#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gemel/exchange/placement.hpp"
#include "gemel/mpi/communicator.hpp"
#include "gemel/mpi/pending.hpp"

namespace gemel::exchange {

/// A sharded table, as far as exchanges know it.
struct ShardedTable {
  std::size_t index = 0;  ///< among all tables of the model
  RowBlocks blocks;
  std::size_t dim = 0;
};

/// Which rows of sharded tables the ranks want, told to the rows' owners. A rank may want them in several parts: in training, one
/// for each of its subtrees. Tables count from 0 in the order given;
/// where there are none, nothing is sent.
class RowRequest {
 public:
  /// parts_of_rank[r]: how many parts rank r has.
  RowRequest(mpi::Communicator& communicator, std::vector<ShardedTable> tables,
             std::vector<std::size_t> parts_of_rank);

  std::size_t tables() const { return tables_.size(); }
  const ShardedTable& table(std::size_t table) const { return tables_[table]; }
  std::size_t parts(int rank) const { return parts_of_rank_[static_cast<std::size_t>(rank)]; }
  std::size_t own_parts() const { return parts(communicator_.rank()); }

  /// What this rank wants of a table in one of its parts: distinct rows, ascending. To be filled in before `start`.
  std::vector<std::int64_t>& wanted(std::size_t part, std::size_t table) {
    return wanted_[part * tables_.size() + table];
  }
  std::span<const std::int64_t> wanted(std::size_t part, std::size_t table) const {
    return wanted_[part * tables_.size() + table];
  }

  /// Begins to tell the owners how many rows are wanted, 8 bytes for each part and table. Collective.
  void start();
  /// Waits for that and begins to tell which ones, 8 bytes each. Collective.
  void send_rows();
  /// Waits for that. Collective.
  void finish();

  /// After `send_rows`: of wanted(part, table), those that `owner` owns: they lie one after the other.
  std::span<const std::int64_t> wanted_of(int owner, std::size_t part, std::size_t table) const;
  /// After `finish`: the rows of this rank's block of a table that `asker` wants in one of its parts, ascending.
  std::span<const std::int64_t> asked_by(int asker, std::size_t part, std::size_t table) const;
  /// Elements of all the rows that this rank wants of `owner`, and that `asker` wants of this rank: dim each.
  std::size_t values_wanted_of(int owner) const;
  std::size_t values_asked_by(int asker) const;

 private:
  mpi::Communicator& communicator_;
  std::vector<ShardedTable> tables_;
  std::vector<std::size_t> parts_of_rank_;
  std::vector<std::size_t> first_part_;            // of each rank, counting over all ranks
  std::vector<std::vector<std::int64_t>> wanted_;  // [own part][table]
  std::vector<std::int64_t> wanted_counts_;        // [owner][own part][table]
  std::vector<std::size_t> wanted_starts_;         // where each begins in wanted(part, table)
  std::vector<std::size_t> next_;                  // [own part][table]: where the next owner's rows begin
  std::vector<std::int64_t> sent_rows_;            // in the order of wanted_counts_
  std::vector<std::int64_t> asked_counts_;         // [asker][its part][table]
  std::vector<std::size_t> asked_starts_;          // where each begins in asked_rows_
  std::vector<std::int64_t> asked_rows_;
  std::vector<std::size_t> send_sizes_;  // per rank
  std::vector<std::size_t> receive_sizes_;
  mpi::Pending pending_;
};

}  // namespace gemel::exchange
