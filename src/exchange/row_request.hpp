#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "exchange/placement.hpp"
#include "mpi/communicator.hpp"
#include "mpi/pending.hpp"

namespace gemel::exchange {

/// A sharded table, as far as exchanges know it.
struct ShardedTable {
  std::size_t index = 0;  ///< among all tables of the model
  RowBlocks blocks;
  std::size_t dim = 0;
};

/// Which rows of sharded tables the ranks want, told to the rows' owners. A rank may want them in several parts: in training, one
/// for each of its subtrees. Tables count from 0 in the order given; where there are none, nothing is sent. One request may be
/// under way on a communicator at a time: between `start` and `finish` of one, no other may start.
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

  /// Begins to tell the owners which rows: 8 bytes each, behind how many there are, 8 bytes for each part and table. Collective.
  void start();
  /// Waits for what the other ranks want. Collective.
  void finish();

  /// After `start`: of wanted(part, table), those that `owner` owns: they lie one after the other.
  std::span<const std::int64_t> wanted_of(int owner, std::size_t part, std::size_t table) const;
  /// After `finish`: the rows of this rank's block of a table that `asker` wants in one of its parts, ascending.
  std::span<const std::int64_t> asked_by(int asker, std::size_t part, std::size_t table) const;
  /// Elements of all the rows that this rank wants of `owner`, and that `asker` wants of this rank: dim each.
  std::size_t values_wanted_of(int owner) const;
  std::size_t values_asked_by(int asker) const;

 private:
  /// What one rank wants. Lists lie by its part, then by table.
  struct Asked {
    std::vector<std::int64_t> message;  // how many rows each list has, then the rows, list by list
    std::vector<std::size_t> starts;    // where each list begins in the message
  };

  mpi::Communicator& communicator_;
  std::vector<ShardedTable> tables_;
  std::vector<std::size_t> parts_of_rank_;
  std::vector<std::vector<std::int64_t>> wanted_;    // [own part][table]
  std::vector<std::vector<std::int64_t>> messages_;  // to each owner, as Asked::message
  std::vector<std::size_t> wanted_starts_;           // [owner][own part][table]: where each begins in wanted
  std::vector<std::size_t> next_;                    // [own part][table]: where the next owner's rows begin
  std::vector<Asked> asked_;                         // by each rank
  mpi::Pending pending_;
};

}  // namespace gemel::exchange
