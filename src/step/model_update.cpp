#include "step/model_update.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "model/table_access.hpp"

namespace gemel::step {

ModelUpdate::ModelUpdate(const StepParts& parts, const BatchPipeline& batches, LaneGradients& gradients)
    : parts_(parts),
      batches_(batches),
      gradients_(gradients),
      tables_(parts.model.tables()),
      row_reduce_(parts.layout, parts.communicator, model::row_tables(parts.model),
                  parts.model.query().tables().size()),
      dense_exchange_(parts.layout, parts.communicator, parts.model.dense().size()),
      norm_(parts) {}

void ModelUpdate::start_query_row_reduce() {
  const auto timing = parts_.timer.measure(metering::Phase::exchange);
  const auto counting = parts_.traffic.measure(metering::Traffic::rows);
  row_reduce_.start_queries(gradients_.rows);
}

void ModelUpdate::start_candidate_row_reduce() {
  const auto timing = parts_.timer.measure(metering::Phase::exchange);
  const auto counting = parts_.traffic.measure(metering::Traffic::rows);
  row_reduce_.start_candidates(gradients_.rows, batches_.current().request());
}

void ModelUpdate::start_dense_exchange() {
  const auto timing = parts_.timer.measure(metering::Phase::exchange);
  const auto counting = parts_.traffic.measure(metering::Traffic::dense);
  dense_exchange_.start(gradients_.dense.view());
}

void ModelUpdate::finish_row_reduce() {
  const auto timing = parts_.timer.measure(metering::Phase::exchange);
  row_reduce_.finish();
}

void ModelUpdate::advance_dense_exchange() {
  const auto timing = parts_.timer.measure(metering::Phase::exchange);
  const auto counting = parts_.traffic.measure(metering::Traffic::dense);
  dense_exchange_.advance();
}

std::span<const float> ModelUpdate::finish_dense_exchange() {
  const auto timing = parts_.timer.measure(metering::Phase::exchange);
  return dense_exchange_.finish();
}

void ModelUpdate::begin_update() {
  const bool clips = parts_.optimizer.options().clip_norm > 0;
  std::span<const float> dense_gradient;
  if (clips) dense_gradient = finish_dense_exchange();
  const auto timing = parts_.timer.measure(metering::Phase::update);
  parts_.optimizer.begin_step(clips ? clip(dense_gradient) : 1.0F);
}

/// By what the gradient is to be multiplied, so that it is not too long.
float ModelUpdate::clip(std::span<const float> dense_gradient) {
  const auto most = static_cast<double>(parts_.optimizer.options().clip_norm);
  gradient_norm_ = norm_.of(row_reduce_, dense_gradient);
  return static_cast<float>(std::min(1.0, most / gradient_norm_));
}

void ModelUpdate::update_rows() {
  const auto timing = parts_.timer.measure(metering::Phase::update);
  row_reduce_.for_each_row(parts_.team,
                           [&](std::size_t table, std::int64_t row, std::span<const float> gradient) {
                             parts_.optimizer.update_row(table, tables_[table]->index(row), gradient);
                           });
}

void ModelUpdate::update_dense() {
  const std::span<const float> gradient = finish_dense_exchange();
  const auto timing = parts_.timer.measure(metering::Phase::update);
  parts_.optimizer.update_dense(gradient);
}

}  // namespace gemel::step
