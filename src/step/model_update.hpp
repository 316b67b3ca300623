#pragma once

#include <span>
#include <vector>

#include "exchange/dense_exchange.hpp"
#include "exchange/row_reduce.hpp"
#include "model/embedding_table.hpp"
#include "step/batch_pipeline.hpp"
#include "step/gradient_norm.hpp"
#include "step/lane_gradients.hpp"
#include "step/step_parts.hpp"

namespace gemel::step {

/// Sums the lanes' gradients over all ranks and updates the model by them. A step calls the phases in the order in which they stand
/// here. Each is collective.
class ModelUpdate {
 public:
  /// `batches` and `gradients` must outlive it; the latter are overwritten.
  ModelUpdate(const StepParts& parts, const BatchPipeline& batches, LaneGradients& gradients);

  /// After the query tower's backward pass. While these gradients travel, candidates are worked on.
  void start_query_row_reduce();
  void start_candidate_row_reduce();
  void start_dense_exchange();
  void finish_row_reduce();
  void advance_dense_exchange();
  void begin_update();
  /// While the dense gradients travel.
  void update_rows();
  void update_dense();

  /// The norm of the gradient before it was clipped; 0 when gradients are not clipped.
  double gradient_norm() const { return gradient_norm_; }

 private:
  std::span<const float> finish_dense_exchange();
  float clip(std::span<const float> dense_gradient);

  StepParts parts_;
  const BatchPipeline& batches_;
  LaneGradients& gradients_;
  std::vector<model::EmbeddingTable*> tables_;
  exchange::RowReduce row_reduce_;
  exchange::DenseExchange dense_exchange_;
  GradientNorm norm_;
  double gradient_norm_ = 0;
};

}  // namespace gemel::step
