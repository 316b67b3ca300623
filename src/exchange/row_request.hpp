#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "exchange/placement.hpp"
#include "exchange/tag.hpp"
#include "mpi/communicator.hpp"
#include "mpi/pending.hpp"

namespace gemel::exchange {

/// Sorts `rows` and drops repetitions.
void make_distinct(std::vector<std::int64_t>& rows);

/// Which rows of a model's tables the ranks are going to look up, told to the rows' owners. A rank may want them in several parts: in
/// training, one for each of its subtrees. Tables are numbered in the order given. Rows of replicated tables need not be asked for:
/// where no table is sharded, nothing is sent. One request may be under way on a communicator at a time: between `start` and
/// `finish` of one, no other may start.
class RowRequest {
 public:
  /// parts_of_rank[r]: how many parts rank r has.
  RowRequest(mpi::Communicator& communicator, std::vector<RowTable> tables,
             std::vector<std::size_t> parts_of_rank);

  std::span<const RowTable> tables() const { return tables_; }
  /// The numbers of the sharded tables, ascending.
  std::span<const std::size_t> sharded() const { return sharded_; }
  std::size_t parts(int rank) const { return parts_of_rank_[static_cast<std::size_t>(rank)]; }
  std::size_t own_parts() const { return parts(communicator_.rank()); }

  /// Begins to tell the owners which rows: 8 bytes each, behind how many there are, 8 bytes for each part and sharded table.
  /// touch(part, table, rows) appends to `rows` those of a table that a part of this rank looks up, in any order, with repetitions.
  /// Collective.
  template <class Touch>
  void start(const Touch& touch) {
    for (std::size_t part = 0; part < own_parts(); ++part) {
      for (const std::size_t table : sharded_) {
        std::vector<std::int64_t>& rows = wanted_[list(part, table)];
        rows.clear();
        touch(part, table, rows);
        make_distinct(rows);
      }
    }
    tell_owners();
  }
  /// Waits for what the other ranks want. Collective.
  void finish();

  /// After `finish`: appends the rows of a table that this rank holds and that are going to be looked up, in any order, with
  /// repetitions: of a sharded table by any rank, of a replicated one by this rank, as `touch` tells.
  template <class Touch>
  void append_needed(std::size_t table, const Touch& touch, std::vector<std::int64_t>& rows) const {
    if (tables_[table].is_sharded()) {
      append_asked(table, rows);
      return;
    }
    for (std::size_t part = 0; part < own_parts(); ++part) touch(part, table, rows);
  }

  /// After `start`, of sharded tables; none of others. What this rank wants of a table in one of its parts: distinct rows, ascending.
  std::span<const std::int64_t> wanted(std::size_t part, std::size_t table) const {
    return wanted_[list(part, table)];
  }
  /// Of wanted(part, table), those that `owner` owns: they lie one after the other.
  std::span<const std::int64_t> wanted_of(int owner, std::size_t part, std::size_t table) const;
  /// After `finish`: the rows of this rank's block of a table that `asker` wants in one of its parts, ascending.
  std::span<const std::int64_t> asked_by(int asker, std::size_t part, std::size_t table) const;
  /// Elements of all the rows that this rank wants of `owner`, and that `asker` wants of this rank: dim each.
  std::size_t values_wanted_of(int owner) const;
  std::size_t values_asked_by(int asker) const;

 private:
  struct Run {
    std::size_t start = 0;
    std::size_t size = 0;
  };
  /// What one rank wants of another.
  struct Asked {
    std::vector<std::int64_t> message;  // by part and sharded table: how many rows, then the rows
    std::vector<Run> runs;              // [part][table]: where they are
  };

  std::size_t list(std::size_t part, std::size_t table) const { return part * tables_.size() + table; }
  void tell_owners();
  void find_runs(Asked& asked, std::size_t parts) const;
  void append_asked(std::size_t table, std::vector<std::int64_t>& rows) const;

  mpi::Communicator& communicator_;
  std::vector<RowTable> tables_;
  std::vector<std::size_t> sharded_;
  std::vector<std::size_t> parts_of_rank_;
  std::vector<std::vector<std::int64_t>> wanted_;  // [own part][table]
  std::vector<Asked> of_owner_;                    // by this rank; runs in wanted_
  std::vector<Asked> by_asker_;                    // of this rank; runs in the message
  mpi::Pending pending_{tag::row_request};
};

}  // namespace gemel::exchange
