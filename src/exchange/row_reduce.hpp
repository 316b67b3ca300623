#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_team.hpp"
#include "exchange/lane_tree.hpp"
#include "exchange/placement.hpp"
#include "exchange/replicated_row_reduce.hpp"
#include "exchange/row_gradient.hpp"
#include "exchange/row_request.hpp"
#include "exchange/sharded_row_reduce.hpp"
#include "mpi/communicator.hpp"

namespace gemel::exchange {

/// Sums the gradients of a model's tables over all lanes, in the order of the lane tree, on the ranks that hold the rows: all ranks
/// for a replicated table, their owners for a sharded one. Only rows that a lane touched travel.
class RowReduce {
 public:
  /// Tables are numbered in the order given; the first `query_tables` are the query tower's.
  RowReduce(const LaneLayout& layout, mpi::Communicator& communicator, std::vector<RowTable> tables,
            std::size_t query_tables);

  /// Begins with those gradients that can leave while the candidate tower's are computed: the query tower's replicated tables.
  /// lanes[l][t] is the gradient of table t from this rank's lane l, which must stay until the last `for_each_row`. Collective.
  void start_queries(std::span<const std::vector<RowGradient>> lanes);
  /// Begins with all others. `request` is that by which the batch's rows were asked for: the lanes of subtree p touched what its part p
  /// wants. It must stay as it is until the last `for_each_row`. Collective.
  void start_candidates(std::span<const std::vector<RowGradient>> lanes, const RowRequest& request);
  /// Waits for the other ranks' rows. Collective.
  void finish();

  /// Calls consume(row, summed gradient [dim]) for every row of a table that any lane touched and this rank holds, in ascending order.
  /// After `finish`; for different tables it may be called from different threads.
  template <class Consume>
  void for_each_row(std::size_t table, const Consume& consume) {
    sums_[table].summer.sum(sums_[table].parts, merges_, tables_[table].dim, consume);
  }
  /// The same of all tables, which the threads of a team take each: calls consume(table, row, summed gradient [dim]).
  template <class Consume>
  void for_each_row(const base::ThreadTeam& team, const Consume& consume) {
    team.for_each(static_cast<int>(tables_.size()), [&](int number, int) {
      const auto table = static_cast<std::size_t>(number);
      for_each_row(table,
                   [&](std::int64_t row, std::span<const float> gradient) { consume(table, row, gradient); });
    });
  }

  /// Whether this rank gives a table's rows where every row is to be given by just one rank: what all ranks hold, root does.
  bool counts(std::size_t table) const { return tables_[table].is_sharded() || layout_.rank == 0; }

 private:
  const LaneLayout& layout_;
  std::vector<RowTable> tables_;
  std::vector<RowSum> sums_;       // [table]
  std::span<const Merge> merges_;  // of the parts of each sum
  ReplicatedRowReduce query_tables_;
  ReplicatedRowReduce candidate_tables_;
  ShardedRowReduce sharded_tables_;
  const RowRequest* request_ = nullptr;  // of the batch whose sharded rows are under way
};

}  // namespace gemel::exchange
