#include "gemel/training/training_step.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gemel/exchange/exact_sum.hpp"
#include "gemel/tensor/arithmetic.hpp"

namespace gemel::training {
namespace {

std::vector<std::size_t> table_dims(const model::TwoTower& model) {
  std::vector<std::size_t> dims;
  for (const model::EmbeddingTable* table : model.tables()) dims.push_back(table->dim());
  return dims;
}

}  // namespace

TrainingStep::TrainingStep(const StepParts& parts)
    : parts_(parts),
      candidates_(parts.plan, parts.communicator, parts.catalogue.size(), parts.model.dim()),
      dense_exchange_(parts.plan, parts.communicator, parts.model.dense().size()),
      row_exchange_(parts.plan, parts.communicator, table_dims(parts.model)),
      lanes_(static_cast<std::size_t>(parts.plan.lanes.size())),
      scratches_(static_cast<std::size_t>(parts.team.threads())),
      dense_gradients_(lanes_.size(), parts.model.dense().size()),
      row_gradients_(lanes_.size()),
      looked_up_rows_(row_exchange_.tables()),
      squared_norms_(row_exchange_.tables()) {
  for (auto& tables : row_gradients_) tables.resize(row_exchange_.tables());
}

std::uint32_t TrainingStep::run(std::int64_t batch, std::uint32_t flags, std::span<double> lane_losses) {
  const std::uint32_t all_flags = gather(batch, flags);
  look_up();
  forward_candidates();
  start_share();
  forward_queries();
  finish_share();
  compute_loss();
  start_reduce();
  backward_queries();
  backward_candidates(finish_reduce());
  start_row_exchange();
  const std::span<const float> dense_gradient = exchange_dense();
  finish_row_exchange();
  update(dense_gradient);
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane) lane_losses[lane] += lanes_[lane].loss;
  return all_flags;
}

std::uint32_t TrainingStep::gather(std::int64_t batch, std::uint32_t flags) {
  const auto timing = parts_.timer.measure(base::Phase::gather);
  const auto counting = parts_.traffic.measure(Traffic::gather);
  const ingest::EpochDeal& deal = parts_.deal;
  const std::vector<std::int32_t>& items = deal.dealt().items;
  const auto own = deal.own_lanes(batch);
  const std::uint32_t all_flags =
      candidates_.gather(std::span(items).subspan(own.first, own.size()), deal.batch_examples(batch), flags);
  parts_.loss.prepare(candidates_.candidates());

  if (iota_.size() < items.size()) {
    iota_.resize(items.size());
    std::iota(iota_.begin(), iota_.end(), 0);
  }
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[i];
    const int number = parts_.plan.lanes.first + static_cast<int>(i);
    lane.examples = deal.lane(batch, number);
    lane.selection = std::span(iota_).subspan(lane.examples.first, lane.examples.size());
    lane.slice = candidates_.slice(number);
    lane.labels.clear();
    for (const std::int32_t item : std::span(items).subspan(lane.examples.first, lane.examples.size())) {
      lane.labels.push_back(static_cast<std::int32_t>(candidates_.candidates().column_of(item)));
    }
  }
  return all_flags;
}

/// Gives the rows that are about to be looked up the weight decay of the steps that did not touch them.
void TrainingStep::settle_rows() {
  if (!parts_.optimizer.decays_weights()) return;
  for (auto& rows : looked_up_rows_) rows.clear();
  const model::Tower& query = parts_.model.query();
  const model::Tower& candidate = parts_.model.candidate();
  const std::span<std::vector<std::int64_t>> rows = looked_up_rows_;
  for (const Lane& lane : lanes_) {
    query.looked_up_rows(parts_.deal.dealt().features, lane.selection, rows.first(query.tables().size()));
    candidate.looked_up_rows(parts_.catalogue, columns_of(lane), rows.last(candidate.tables().size()));
  }
  const std::vector<model::EmbeddingTable*> tables = parts_.model.tables();
  parts_.team.for_each(static_cast<int>(tables.size()), [&](int index, int) {
    const auto table = static_cast<std::size_t>(index);
    std::erase_if(rows[table], [&](std::int64_t row) { return !tables[table]->held().contains(row); });
    parts_.optimizer.settle_rows(table, rows[table]);
  });
}

void TrainingStep::look_up() {
  const auto timing = parts_.timer.measure(base::Phase::lookup);
  settle_rows();
  for_each_lane([&](std::size_t index, int) {
    Lane& lane = lanes_[index];
    parts_.model.query().look_up(parts_.deal.dealt().features, lane.selection, lane.query);
    parts_.model.candidate().look_up(parts_.catalogue, columns_of(lane), lane.candidate);
  });
}

void TrainingStep::forward_candidates() {
  const auto timing = parts_.timer.measure(base::Phase::forward);
  for_each_lane([&](std::size_t index, int thread) {
    Lane& lane = lanes_[index];
    parts_.model.candidate().forward(parts_.model.dense().values(), lane.candidate, own_vectors(lane),
                                     parts_.runtime.executor(thread));
  });
}

void TrainingStep::start_share() {
  const auto timing = parts_.timer.measure(base::Phase::share);
  const auto counting = parts_.traffic.measure(Traffic::share);
  candidates_.start_share();
}

void TrainingStep::forward_queries() {
  const auto timing = parts_.timer.measure(base::Phase::forward);
  for_each_lane([&](std::size_t index, int thread) {
    Lane& lane = lanes_[index];
    lane.query_vectors.resize(lane.examples.size(), parts_.model.dim());
    parts_.model.query().forward(parts_.model.dense().values(), lane.query, lane.query_vectors.view(),
                                 parts_.runtime.executor(thread));
  });
}

void TrainingStep::finish_share() {
  const auto timing = parts_.timer.measure(base::Phase::share);
  candidates_.finish_share();
}

void TrainingStep::compute_loss() {
  const auto timing = parts_.timer.measure(base::Phase::loss);
  const tensor::MatrixView vectors = candidates_.vectors();
  for_each_lane([&](std::size_t index, int thread) {
    Lane& lane = lanes_[index];
    lane.query_gradient.resize(lane.examples.size(), parts_.model.dim());
    const tensor::MatrixView vector_gradient(candidates_.gradients().row(index).data(), vectors.rows(),
                                             vectors.cols());
    lane.loss = parts_.loss.run(lane.query_vectors.view(), lane.labels, vectors, lane.query_gradient.view(),
                                vector_gradient, parts_.runtime.executor(thread),
                                scratches_[static_cast<std::size_t>(thread)].loss);
  });
}

void TrainingStep::start_reduce() {
  const auto timing = parts_.timer.measure(base::Phase::reduce);
  const auto counting = parts_.traffic.measure(Traffic::reduce);
  candidates_.start_reduce();
}

void TrainingStep::backward_queries() {
  const auto timing = parts_.timer.measure(base::Phase::backward);
  const model::Tower& tower = parts_.model.query();
  for_each_lane([&](std::size_t index, int thread) {
    Lane& lane = lanes_[index];
    tower.backward(parts_.model.dense().values(), lane.query, lane.query_vectors.view(),
                   lane.query_gradient.view(), dense_gradients_.row(index), parts_.runtime.executor(thread));
    tower.row_gradients(parts_.deal.dealt().features, lane.selection, lane.query,
                        std::span(row_gradients_[index]).first(tower.tables().size()),
                        scratches_[static_cast<std::size_t>(thread)].rows);
  });
}

tensor::MatrixView TrainingStep::finish_reduce() {
  const auto timing = parts_.timer.measure(base::Phase::reduce);
  return candidates_.finish_reduce();
}

void TrainingStep::backward_candidates(tensor::MatrixView vector_gradient) {
  const auto timing = parts_.timer.measure(base::Phase::backward);
  const model::Tower& tower = parts_.model.candidate();
  const std::size_t first_column = candidates_.own_slice().first;
  for_each_lane([&](std::size_t index, int thread) {
    Lane& lane = lanes_[index];
    tower.backward(parts_.model.dense().values(), lane.candidate, own_vectors(lane),
                   vector_gradient.middle_rows(lane.slice.first - first_column, lane.slice.size()),
                   dense_gradients_.row(index), parts_.runtime.executor(thread));
    tower.row_gradients(parts_.catalogue, columns_of(lane), lane.candidate,
                        std::span(row_gradients_[index]).last(tower.tables().size()),
                        scratches_[static_cast<std::size_t>(thread)].rows);
  });
}

void TrainingStep::start_row_exchange() {
  const auto timing = parts_.timer.measure(base::Phase::exchange);
  const auto counting = parts_.traffic.measure(Traffic::rows);
  row_exchange_.start(row_gradients_);
}

std::span<const float> TrainingStep::exchange_dense() {
  const auto timing = parts_.timer.measure(base::Phase::exchange);
  const auto counting = parts_.traffic.measure(Traffic::dense);
  return dense_exchange_.all_reduce(dense_gradients_.view());
}

void TrainingStep::finish_row_exchange() {
  const auto timing = parts_.timer.measure(base::Phase::exchange);
  row_exchange_.finish();
}

/// The global norm of the gradient, whose bits do not depend on who holds which rows.
double TrainingStep::norm_of(std::span<const float> dense_gradient) {
  const std::vector<model::EmbeddingTable*> tables = parts_.model.tables();
  parts_.team.for_each(static_cast<int>(tables.size()), [&](int index, int) {
    const auto table = static_cast<std::size_t>(index);
    squared_norms_[table].clear();
    row_exchange_.for_each_row(table, [&](std::int64_t, std::span<const float> gradient) {
      squared_norms_[table].push_back(tensor::sum_of_squares(gradient));
    });
  });
  // What all ranks hold is counted by root.
  const auto counting = parts_.traffic.measure(Traffic::dense);
  const auto counts = [&](bool is_sharded) { return is_sharded || parts_.communicator.is_root(); };
  std::vector<double> squares;
  if (counts(false)) {
    for (const auto& place : parts_.model.dense().places()) {
      squares.push_back(tensor::sum_of_squares(place.in(dense_gradient).flat()));
    }
  }
  for (std::size_t table = 0; table < tables.size(); ++table) {
    if (!counts(tables[table]->is_sharded())) continue;
    squares.insert(squares.end(), squared_norms_[table].begin(), squared_norms_[table].end());
  }
  return std::sqrt(exchange::exact_sum(squares, parts_.communicator));
}

/// By what the gradient is to be multiplied.
float TrainingStep::clip(std::span<const float> dense_gradient) {
  const auto most = static_cast<double>(parts_.optimizer.options().clip_norm);
  if (most == 0) return 1.0F;
  gradient_norm_ = norm_of(dense_gradient);
  return static_cast<float>(std::min(1.0, most / gradient_norm_));
}

void TrainingStep::update(std::span<const float> dense_gradient) {
  const auto timing = parts_.timer.measure(base::Phase::update);
  parts_.optimizer.begin_step(clip(dense_gradient));
  parts_.optimizer.update_dense(dense_gradient);
  const std::vector<model::EmbeddingTable*> tables = parts_.model.tables();
  parts_.team.for_each(static_cast<int>(tables.size()), [&](int index, int) {
    const auto table = static_cast<std::size_t>(index);
    row_exchange_.for_each_row(table, [&](std::int64_t row, std::span<const float> gradient) {
      parts_.optimizer.update_row(table, tables[table]->index(row), gradient);
    });
  });
}

std::span<const std::int32_t> TrainingStep::columns_of(const Lane& lane) const {
  return candidates_.candidates().rows().subspan(lane.slice.first, lane.slice.size());
}

tensor::MatrixView TrainingStep::own_vectors(const Lane& lane) {
  return candidates_.vectors().middle_rows(lane.slice.first, lane.slice.size());
}

template <class Work>
void TrainingStep::for_each_lane(const Work& work) {
  parts_.team.for_each(static_cast<int>(lanes_.size()),
                       [&](int lane, int thread) { work(static_cast<std::size_t>(lane), thread); });
}

}  // namespace gemel::training
