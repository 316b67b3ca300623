#include "step/batch_pipeline.hpp"

#include <utility>

#include "base/error.hpp"
#include "model/table_access.hpp"

namespace gemel::step {

BatchPipeline::BatchPipeline(const StepParts& parts)
    : parts_(parts),
      held_rows_(model::held_rows(parts.model)),
      batches_{{parts.layout, parts.communicator, parts.deal, parts.catalogue, parts.model,
                parts.loss.negatives()},
               {parts.layout, parts.communicator, parts.deal, parts.catalogue, parts.model,
                parts.loss.negatives()}},
      fetch_(parts.communicator) {}

std::uint32_t BatchPipeline::advance_to(std::int64_t batch, std::uint32_t flags) {
  std::uint32_t all_flags = 0;
  if (has_next_) {
    std::swap(current_, next_);
    base::require(current_->number() == batch, "training: another batch was prepared");
  } else {
    all_flags = gather_first(batch, flags);
  }
  has_next_ = batch + 1 < parts_.deal.batches();
  return all_flags;
}

/// For the first batch of an epoch, which nobody has prepared.
std::uint32_t BatchPipeline::gather_first(std::int64_t batch, std::uint32_t flags) {
  std::uint32_t all_flags = 0;
  {
    const auto timing = parts_.timer.measure(metering::Phase::gather);
    {
      const auto counting = parts_.traffic.measure(metering::Traffic::gather);
      current_->start_gather(batch, flags);
      all_flags = current_->finish_gather();
    }
    const auto counting = parts_.traffic.measure(metering::Traffic::lookup);
    current_->start_request();
  }
  start_fetch(*current_);
  finish_fetch();
  return all_flags;
}

std::size_t BatchPipeline::own_examples() const {
  std::size_t examples = 0;
  for (const PreparedBatch::LaneTask& lane : current_->lanes()) examples += lane.selection.size();
  return examples;
}

void BatchPipeline::start_next(std::uint32_t flags) {
  const auto timing = parts_.timer.measure(metering::Phase::gather);
  const auto counting = parts_.traffic.measure(metering::Traffic::gather);
  parts_.timer.depart(metering::Phase::gather);
  next_->start_gather(current_->number() + 1, flags);
}

std::uint32_t BatchPipeline::finish_next() {
  const auto timing = parts_.timer.measure(metering::Phase::gather);
  {
    const auto waiting = parts_.timer.await(metering::Phase::gather);
    next_->wait_for_gather();
  }
  const std::uint32_t all_flags = next_->finish_gather();
  const auto counting = parts_.traffic.measure(metering::Traffic::lookup);
  next_->start_request();
  return all_flags;
}

/// Between the update of rows before the batch's step and that step, so that no row is stale.
void BatchPipeline::start_fetch(PreparedBatch& batch) {
  const auto timing = parts_.timer.measure(metering::Phase::lookup);
  const auto counting = parts_.traffic.measure(metering::Traffic::lookup);
  batch.finish_request();
  settle_rows(batch);
  fetch_.start(batch.request(), held_rows_);
}

/// Gives the rows that a batch is going to look up the weight decay of the steps that did not touch them.
void BatchPipeline::settle_rows(const PreparedBatch& batch) {
  if (!parts_.optimizer.decays_weights()) return;
  for (std::size_t table = 0; table < held_rows_.size(); ++table) {
    needed_rows_.clear();
    batch.append_needed_rows(table, needed_rows_);
    parts_.optimizer.settle_rows(table, needed_rows_);
  }
}

void BatchPipeline::finish_fetch() {
  const auto timing = parts_.timer.measure(metering::Phase::lookup);
  fetch_.finish();
}

}  // namespace gemel::step
