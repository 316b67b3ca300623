#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "exchange/candidate_exchange.hpp"
#include "learning/in_batch_softmax.hpp"
#include "model/dropout.hpp"
#include "model/feature_input.hpp"
#include "model/tower.hpp"
#include "step/batch_pipeline.hpp"
#include "step/lane_gradients.hpp"
#include "step/step_parts.hpp"
#include "tensor/matrix.hpp"

namespace gemel::step {

/// The passes of this rank's lanes over the current batch, forward, loss and backward, with what ranks tell each other of candidates
/// in between. A step calls the phases in the order in which they stand here. Each is collective.
class LanePasses {
 public:
  /// `batches` must outlive it, and are let progress while lanes compute.
  LanePasses(const StepParts& parts, BatchPipeline& batches);

  void look_up();
  void forward_candidates();
  void start_share();
  void forward_queries();
  void finish_share();
  void compute_loss();
  void start_reduce();
  void backward_queries();
  /// Returns the gradient of the vectors of this rank's columns, [own columns, d].
  tensor::MatrixView finish_reduce();
  void backward_candidates(tensor::MatrixView vector_gradient);

  /// After `backward_candidates`; those of the query tower's tables after `backward_queries`.
  LaneGradients& gradients() { return gradients_; }
  /// Adds each own lane's loss to lane_losses[lane].
  void add_losses(std::span<double> lane_losses) const;

 private:
  struct LaneState {  // what a lane computes
    model::Tower::Activations query;
    model::Tower::Activations candidate;
    tensor::Matrix query_vectors;   // [examples, d]
    tensor::Matrix query_gradient;  // [examples, d]
    double loss = 0;
  };
  struct Scratch {  // of one thread
    learning::InBatchSoftmax::Scratch loss;
    model::FeatureInput::Scratch rows;
  };

  const PreparedBatch& batch() const { return batches_.current(); }
  std::span<const float> dense_values() const { return std::as_const(parts_.model).dense().values(); }
  tensor::MatrixView own_vectors(std::size_t lane);
  model::DropoutDraw query_draw(std::size_t lane) const;
  model::DropoutDraw candidate_draw(std::size_t lane) const;
  template <class Work>
  void for_each_lane(const Work& work);
  void progress();

  StepParts parts_;
  BatchPipeline& batches_;
  exchange::CandidateExchange candidates_;
  std::vector<LaneState> lanes_;      // of this rank
  std::vector<Scratch> scratches_;    // one per thread
  std::vector<std::int32_t> places_;  // 0, 1, 2, ...: of a batch, where queries are dropped from
  LaneGradients gradients_;
};

}  // namespace gemel::step
