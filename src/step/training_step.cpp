#include "step/training_step.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "base/even_cuts.hpp"
#include "exchange/exact_sum.hpp"
#include "model/table_access.hpp"
#include "tensor/arithmetic.hpp"

namespace gemel::step {

TrainingStep::TrainingStep(const StepParts& parts)
    : parts_(parts),
      batches_{{parts.layout, parts.communicator, parts.deal, parts.catalogue, parts.model,
                parts.loss.negatives()},
               {parts.layout, parts.communicator, parts.deal, parts.catalogue, parts.model,
                parts.loss.negatives()}},
      tables_(parts.model.tables()),
      held_rows_(model::held_rows(parts.model)),
      fetch_(parts.communicator),
      candidates_(parts.layout, parts.communicator, parts.model.dim()),
      dense_exchange_(parts.layout, parts.communicator, parts.model.dense().size()),
      row_reduce_(parts.layout, parts.communicator, model::row_tables(parts.model),
                  parts.model.query().tables().size()),
      lanes_(static_cast<std::size_t>(parts.layout.lanes.size())),
      scratches_(static_cast<std::size_t>(parts.team.threads())),
      dense_gradients_(lanes_.size(), parts.model.dense().size()),
      row_gradients_(lanes_.size()),
      squared_norms_(tables_.size()) {
  for (auto& tables : row_gradients_) tables.resize(tables_.size());
  if (parts.model.query().drops()) {
    places_.resize(static_cast<std::size_t>(parts.deal.batch_examples(0)));
    std::iota(places_.begin(), places_.end(), 0);
  }
}

std::uint32_t TrainingStep::run(std::int64_t batch, std::uint32_t flags, std::span<double> lane_losses) {
  std::uint32_t all_flags = 0;
  if (next_is_prepared_) {
    std::swap(batch_, next_);
    base::require(batch_->number() == batch, "training: another batch was prepared");
  } else {
    all_flags = gather_first(batch, flags);
  }
  next_is_prepared_ = batch + 1 < parts_.deal.batches();
  all_flags |= run_in_order(*this, next_is_prepared_, flags);
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane) lane_losses[lane] += lanes_[lane].loss;
  return all_flags;
}

/// For the first batch of an epoch, which nobody has prepared.
std::uint32_t TrainingStep::gather_first(std::int64_t batch, std::uint32_t flags) {
  std::uint32_t all_flags = 0;
  {
    const auto timing = parts_.timer.measure(metering::Phase::gather);
    {
      const auto counting = parts_.traffic.measure(metering::Traffic::gather);
      batch_->start_gather(batch, flags);
      all_flags = batch_->finish_gather();
    }
    const auto counting = parts_.traffic.measure(metering::Traffic::lookup);
    batch_->start_request();
  }
  start_fetch(*batch_);
  finish_fetch();
  return all_flags;
}

void TrainingStep::start_next(std::uint32_t flags) {
  const auto timing = parts_.timer.measure(metering::Phase::gather);
  const auto counting = parts_.traffic.measure(metering::Traffic::gather);
  parts_.timer.depart(metering::Phase::gather);
  next_->start_gather(batch_->number() + 1, flags);
}

std::uint32_t TrainingStep::finish_next() {
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

/// Gives the rows that a batch is going to look up the weight decay of the steps that did not touch them.
void TrainingStep::settle_rows(const PreparedBatch& batch) {
  if (!parts_.optimizer.decays_weights()) return;
  for (std::size_t index = 0; index < tables_.size(); ++index) {
    touched_rows_.clear();
    batch.append_needed_rows(index, touched_rows_);
    parts_.optimizer.settle_rows(index, touched_rows_);
  }
}

/// Between the update of rows before the batch's step and that step, so that no row is stale.
void TrainingStep::start_fetch(PreparedBatch& batch) {
  const auto timing = parts_.timer.measure(metering::Phase::lookup);
  const auto counting = parts_.traffic.measure(metering::Traffic::lookup);
  batch.finish_request();
  settle_rows(batch);
  fetch_.start(batch.request(), held_rows_);
}

/// Waits for the rows: nothing is under way between two steps, when a checkpoint or an evaluation may want to move rows, too.
void TrainingStep::finish_fetch() {
  const auto timing = parts_.timer.measure(metering::Phase::lookup);
  fetch_.finish();
}

void TrainingStep::look_up() {
  const auto timing = parts_.timer.measure(metering::Phase::lookup);
  parts_.loss.prepare(batch_->candidates(), batch_->weight());
  candidates_.begin(batch_->candidates().columns());
  for_each_lane([&](std::size_t index, int) {
    LaneState& lane = lanes_[index];
    const PreparedBatch::LaneTask& work = batch_->lanes()[index];
    const auto rows = fetch_.rows(parts_.layout.subtree_of_lane(index));
    const std::size_t query_tables = parts_.model.query().tables().size();
    parts_.model.query().look_up(parts_.deal.dealt().features, work.selection, rows.first(query_tables),
                                 lane.query);
    parts_.model.candidate().look_up(parts_.catalogue, batch_->columns_of(work), rows.subspan(query_tables),
                                     lane.candidate);
  });
}

void TrainingStep::forward_candidates() {
  const auto timing = parts_.timer.measure(metering::Phase::forward);
  for_each_lane([&](std::size_t index, int thread) {
    LaneState& lane = lanes_[index];
    const model::DropoutDraw draw = candidate_draw(index);
    parts_.model.candidate().forward({dense_values(), parts_.runtime.executor(thread), &draw}, lane.candidate,
                                     own_vectors(index));
  });
  parts_.timer.add_operations(metering::Phase::forward, parts_.model.candidate().architecture().forward_flops(
                                                            candidates_.own_slice().size()));
}

void TrainingStep::start_share() {
  const auto timing = parts_.timer.measure(metering::Phase::share);
  const auto counting = parts_.traffic.measure(metering::Traffic::share);
  parts_.timer.depart(metering::Phase::share);
  candidates_.start_share();
}

void TrainingStep::forward_queries() {
  const auto timing = parts_.timer.measure(metering::Phase::forward);
  for_each_lane([&](std::size_t index, int thread) {
    LaneState& lane = lanes_[index];
    lane.query_vectors.resize(batch_->lanes()[index].selection.size(), parts_.model.dim());
    const model::DropoutDraw draw = query_draw(index);
    parts_.model.query().forward({dense_values(), parts_.runtime.executor(thread), &draw}, lane.query,
                                 lane.query_vectors.view());
  });
  parts_.timer.add_operations(metering::Phase::forward,
                              parts_.model.query().architecture().forward_flops(own_examples()));
}

void TrainingStep::finish_share() {
  const auto timing = parts_.timer.measure(metering::Phase::share);
  const auto waiting = parts_.timer.await(metering::Phase::share);
  candidates_.finish_share();
}

void TrainingStep::compute_loss() {
  const auto timing = parts_.timer.measure(metering::Phase::loss);
  const tensor::MatrixView vectors = candidates_.vectors();
  for_each_lane([&](std::size_t index, int thread) {
    LaneState& lane = lanes_[index];
    const PreparedBatch::LaneTask& work = batch_->lanes()[index];
    lane.query_gradient.resize(work.selection.size(), parts_.model.dim());
    const tensor::MatrixView vector_gradient(candidates_.gradients().row(index).data(), vectors.rows(),
                                             vectors.cols());
    lane.loss = parts_.loss.run({lane.query_vectors.view(), work.labels, work.weights, work.users}, vectors,
                                lane.query_gradient.view(), vector_gradient, parts_.runtime.executor(thread),
                                scratches_[static_cast<std::size_t>(thread)].loss);
    parts_.loss.write_temperature_gradient(lane.query_vectors.view(), lane.query_gradient.view(),
                                           dense_gradients_.row(index));
  });
  parts_.timer.add_operations(
      metering::Phase::loss, learning::InBatchSoftmax::flops(own_examples(), vectors.rows(), vectors.cols()));
}

void TrainingStep::start_reduce() {
  const auto timing = parts_.timer.measure(metering::Phase::reduce);
  const auto counting = parts_.traffic.measure(metering::Traffic::reduce);
  parts_.timer.depart(metering::Phase::reduce);
  candidates_.start_reduce();
}

void TrainingStep::backward_queries() {
  const auto timing = parts_.timer.measure(metering::Phase::backward);
  const model::Tower& tower = parts_.model.query();
  for_each_lane([&](std::size_t index, int thread) {
    LaneState& lane = lanes_[index];
    tower.backward({dense_values(), dense_gradients_.row(index), parts_.runtime.executor(thread)}, lane.query,
                   lane.query_vectors.view(), lane.query_gradient.view());
    tower.row_gradients(parts_.deal.dealt().features, batch_->lanes()[index].selection, lane.query,
                        std::span(row_gradients_[index]).first(tower.tables().size()),
                        scratches_[static_cast<std::size_t>(thread)].rows);
  });
  parts_.timer.add_operations(metering::Phase::backward, tower.architecture().backward_flops(own_examples()));
}

tensor::MatrixView TrainingStep::finish_reduce() {
  const auto timing = parts_.timer.measure(metering::Phase::reduce);
  const auto waiting = parts_.timer.await(metering::Phase::reduce);
  return candidates_.finish_reduce();
}

void TrainingStep::backward_candidates(tensor::MatrixView vector_gradient) {
  const auto timing = parts_.timer.measure(metering::Phase::backward);
  const model::Tower& tower = parts_.model.candidate();
  const std::size_t first_column = candidates_.own_slice().first;
  for_each_lane([&](std::size_t index, int thread) {
    LaneState& lane = lanes_[index];
    const PreparedBatch::LaneTask& work = batch_->lanes()[index];
    tower.backward({dense_values(), dense_gradients_.row(index), parts_.runtime.executor(thread)},
                   lane.candidate, own_vectors(index),
                   vector_gradient.middle_rows(work.slice.first - first_column, work.slice.size()));
    tower.row_gradients(parts_.catalogue, batch_->columns_of(work), lane.candidate,
                        std::span(row_gradients_[index]).last(tower.tables().size()),
                        scratches_[static_cast<std::size_t>(thread)].rows);
  });
  parts_.timer.add_operations(metering::Phase::backward,
                              tower.architecture().backward_flops(candidates_.own_slice().size()));
}

/// While they travel, the candidates are worked on.
void TrainingStep::start_query_row_reduce() {
  const auto timing = parts_.timer.measure(metering::Phase::exchange);
  const auto counting = parts_.traffic.measure(metering::Traffic::rows);
  row_reduce_.start_queries(row_gradients_);
}

void TrainingStep::start_candidate_row_reduce() {
  const auto timing = parts_.timer.measure(metering::Phase::exchange);
  const auto counting = parts_.traffic.measure(metering::Traffic::rows);
  row_reduce_.start_candidates(row_gradients_, batch_->request());
}

void TrainingStep::start_dense_exchange() {
  const auto timing = parts_.timer.measure(metering::Phase::exchange);
  const auto counting = parts_.traffic.measure(metering::Traffic::dense);
  dense_exchange_.start(dense_gradients_.view());
}

void TrainingStep::advance_dense_exchange() {
  const auto timing = parts_.timer.measure(metering::Phase::exchange);
  const auto counting = parts_.traffic.measure(metering::Traffic::dense);
  dense_exchange_.advance();
}

std::span<const float> TrainingStep::finish_dense_exchange() {
  const auto timing = parts_.timer.measure(metering::Phase::exchange);
  return dense_exchange_.finish();
}

void TrainingStep::finish_row_reduce() {
  const auto timing = parts_.timer.measure(metering::Phase::exchange);
  row_reduce_.finish();
}

/// Calls visit(table of the model, row, summed gradient) for every row that any lane touched and this rank holds; for different
/// tables perhaps on different threads.
template <class Visit>
void TrainingStep::for_each_touched_row(const Visit& visit) {
  parts_.team.for_each(static_cast<int>(row_reduce_.tables()), [&](int number, int) {
    const auto table = static_cast<std::size_t>(number);
    row_reduce_.for_each_row(
        table, [&](std::int64_t row, std::span<const float> gradient) { visit(table, row, gradient); });
  });
}

/// The global norm of the gradient, whose bits do not depend on who holds which rows.
double TrainingStep::norm_of(std::span<const float> dense_gradient) {
  for (auto& squares : squared_norms_) squares.clear();
  for_each_touched_row([&](std::size_t table, std::int64_t, std::span<const float> gradient) {
    squared_norms_[table].push_back(tensor::sum_of_squares(gradient));
  });
  // What all ranks hold is counted by root.
  const auto counting = parts_.traffic.measure(metering::Traffic::dense);
  all_squares_.clear();
  if (parts_.communicator.is_root()) {
    for (const auto& place : parts_.model.dense().places()) {
      all_squares_.push_back(tensor::sum_of_squares(place.in(dense_gradient).flat()));
    }
  }
  for (std::size_t table = 0; table < tables_.size(); ++table) {
    if (!row_reduce_.counts(table)) continue;
    all_squares_.insert(all_squares_.end(), squared_norms_[table].begin(), squared_norms_[table].end());
  }
  return std::sqrt(exchange::exact_sum(all_squares_, parts_.communicator));
}

/// By what the gradient is to be multiplied, so that it is not too long.
float TrainingStep::clip(std::span<const float> dense_gradient) {
  const auto most = static_cast<double>(parts_.optimizer.options().clip_norm);
  gradient_norm_ = norm_of(dense_gradient);
  return static_cast<float>(std::min(1.0, most / gradient_norm_));
}

void TrainingStep::begin_update() {
  const bool clips = parts_.optimizer.options().clip_norm > 0;
  std::span<const float> dense_gradient;
  if (clips) dense_gradient = finish_dense_exchange();
  const auto timing = parts_.timer.measure(metering::Phase::update);
  parts_.optimizer.begin_step(clips ? clip(dense_gradient) : 1.0F);
}

/// While the dense gradients travel.
void TrainingStep::update_rows() {
  const auto timing = parts_.timer.measure(metering::Phase::update);
  for_each_touched_row([&](std::size_t table, std::int64_t row, std::span<const float> gradient) {
    parts_.optimizer.update_row(table, tables_[table]->index(row), gradient);
  });
}

void TrainingStep::update_dense() {
  const std::span<const float> gradient = finish_dense_exchange();
  const auto timing = parts_.timer.measure(metering::Phase::update);
  parts_.optimizer.update_dense(gradient);
}

/// Queries of this rank's lanes.
std::size_t TrainingStep::own_examples() const {
  std::size_t examples = 0;
  for (const PreparedBatch::LaneTask& lane : batch_->lanes()) examples += lane.selection.size();
  return examples;
}

/// The rows of the candidate vectors that a lane of this rank embeds.
tensor::MatrixView TrainingStep::own_vectors(std::size_t lane) {
  const exchange::ColumnSlice slice = batch_->lanes()[lane].slice;
  return candidates_.vectors().middle_rows(slice.first, slice.size());
}

model::DropoutDraw TrainingStep::query_draw(std::size_t lane) {
  if (!parts_.model.query().drops()) return {};
  const base::EvenCuts cuts(parts_.deal.batch_examples(batch_->number()), parts_.layout.tree.lanes());
  const std::int64_t first = cuts.start(parts_.layout.lanes.first + static_cast<int>(lane));
  return {parts_.optimizer.steps(), std::span(places_).subspan(static_cast<std::size_t>(first),
                                                               batch_->lanes()[lane].selection.size())};
}

model::DropoutDraw TrainingStep::candidate_draw(std::size_t lane) {
  if (!parts_.model.candidate().drops()) return {};
  return {parts_.optimizer.steps(), batch_->columns_of(batch_->lanes()[lane])};
}

template <class Work>
void TrainingStep::for_each_lane(const Work& work) {
  parts_.team.for_each(static_cast<int>(lanes_.size()), [&](int lane, int thread) {
    work(static_cast<std::size_t>(lane), thread);
    if (thread == 0) progress();  // the one that may call MPI
  });
}

/// Messages of more than a few kB move only while their ranks are inside MPI: let them, after each lane.
void TrainingStep::progress() {
  candidates_.progress();
  if (next_is_prepared_) next_->progress();
}

}  // namespace gemel::step
