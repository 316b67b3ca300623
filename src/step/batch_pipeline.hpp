#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "exchange/row_fetch.hpp"
#include "step/prepared_batch.hpp"
#include "step/step_parts.hpp"
#include "tensor/matrix_view.hpp"

namespace gemel::step {

/// The batches that are under way at once: the one that is trained, and the next one of the epoch, which is prepared meanwhile: its
/// candidates are gathered, its rows asked for and, once they are updated, fetched. Between two steps nothing is under way.
class BatchPipeline {
 public:
  explicit BatchPipeline(const StepParts& parts);

  /// Makes batch `batch` the current one. It must be the one after the last, which was prepared, or the first of an epoch that was
  /// dealt: that one is prepared here, and brings every rank's `flags`. Returns their bitwise or, or 0. Collective.
  std::uint32_t advance_to(std::int64_t batch, std::uint32_t flags);

  const PreparedBatch& current() const { return *current_; }
  /// [table]: the rows that a lane of this rank looks up in the current batch. Until `start_next_fetch`.
  std::span<const exchange::ReachableRows> rows_of_lane(std::size_t lane) const {
    return fetch_.rows(parts_.layout.subtree_of_lane(lane));
  }
  /// Examples of the current batch in this rank's lanes.
  std::size_t own_examples() const;

  /// Whether the epoch goes on after the current batch. If so, a step calls all of what follows, in this order. Each is collective.
  bool has_next() const { return has_next_; }
  void start_next(std::uint32_t flags);
  /// Returns the bitwise or of all ranks' flags.
  std::uint32_t finish_next();
  /// Lets MPI move data; call now and then between those two.
  void progress() { next_->progress(); }
  /// After this rank's rows have been updated.
  void start_next_fetch() { start_fetch(*next_); }
  /// Waits for the rows: a checkpoint or an evaluation, which may come between two steps, may want to move rows, too.
  void finish_fetch();

 private:
  std::uint32_t gather_first(std::int64_t batch, std::uint32_t flags);
  void start_fetch(PreparedBatch& batch);
  void settle_rows(const PreparedBatch& batch);

  StepParts parts_;
  std::vector<tensor::ConstMatrixView> held_rows_;  // [table]
  PreparedBatch batches_[2];
  PreparedBatch* current_ = &batches_[0];
  PreparedBatch* next_ = &batches_[1];
  bool has_next_ = false;
  exchange::RowFetch fetch_;               // of the batch that comes next to be looked up
  std::vector<std::int64_t> needed_rows_;  // of one table, with repetitions
};

}  // namespace gemel::step
