#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/thread_team.hpp"
#include "exchange/candidate_exchange.hpp"
#include "exchange/dense_exchange.hpp"
#include "exchange/lane_tree.hpp"
#include "exchange/row_fetch.hpp"
#include "exchange/row_gradient.hpp"
#include "exchange/row_reduce.hpp"
#include "features/feature.hpp"
#include "learning/in_batch_softmax.hpp"
#include "learning/optimizer.hpp"
#include "metering/phase_timer.hpp"
#include "metering/traffic_meter.hpp"
#include "model/two_tower.hpp"
#include "mpi/communicator.hpp"
#include "onednn/runtime.hpp"
#include "step/epoch_deal.hpp"
#include "step/prepared_batch.hpp"
#include "step/step_order.hpp"

namespace gemel::step {

/// What a step is made of and works on. The references must outlive the step.
struct StepParts {
  const exchange::LaneLayout& layout;
  mpi::Communicator& communicator;
  const base::ThreadTeam& team;
  onednn::Runtime& runtime;
  const step::EpochDeal& deal;
  const features::FeatureRows& catalogue;  ///< features of every item
  model::TwoTower& model;
  learning::InBatchSoftmax& loss;
  learning::Optimizer& optimizer;
  metering::PhaseTimer& timer;
  metering::TrafficMeter& traffic;
};

/// One step of training on a global batch, the same on every rank (src/README.md). Owns the memory that a step needs and
/// keeps it from step to step.
class TrainingStep {
 public:
  explicit TrainingStep(const StepParts& parts);

  /// Trains batch `batch` of the epoch that was dealt, and prepares the one after it, which must come next. Adds each own lane's
  /// loss to lane_losses[lane] (counted from the first own lane). With the items of the batch that is prepared travels one word of
  /// flags: returns the bitwise or of all ranks' `flags`, or 0 when no batch was left to prepare. Collective.
  std::uint32_t run(std::int64_t batch, std::uint32_t flags, std::span<double> lane_losses);

  /// The norm of the gradient of all parameters together, before it was clipped, of the last step; the same on every rank. Not finite
  /// when an element is not. 0 when gradients are not clipped.
  double gradient_norm() const { return gradient_norm_; }

 private:
  template <class Step>
  friend std::uint32_t run_in_order(Step& step, bool has_next, std::uint32_t flags);

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

  std::uint32_t gather_first(std::int64_t batch, std::uint32_t flags);
  void start_next(std::uint32_t flags);
  std::uint32_t finish_next();
  void settle_rows(const PreparedBatch& batch);
  void start_fetch(PreparedBatch& batch);
  void start_next_fetch() { start_fetch(*next_); }
  void finish_fetch();
  void look_up();
  void forward_candidates();
  void start_share();
  void forward_queries();
  void finish_share();
  void compute_loss();
  void start_reduce();
  void backward_queries();
  tensor::MatrixView finish_reduce();
  void backward_candidates(tensor::MatrixView vector_gradient);
  void start_query_row_reduce();
  void start_candidate_row_reduce();
  void start_dense_exchange();
  void advance_dense_exchange();
  std::span<const float> finish_dense_exchange();
  void finish_row_reduce();
  template <class Visit>
  void for_each_touched_row(const Visit& visit);
  double norm_of(std::span<const float> dense_gradient);
  float clip(std::span<const float> dense_gradient);
  void begin_update();
  void update_rows();
  void update_dense();

  std::span<const float> dense_values() const { return std::as_const(parts_.model).dense().values(); }
  std::size_t own_examples() const;
  tensor::MatrixView own_vectors(std::size_t lane);
  model::DropoutDraw query_draw(std::size_t lane);
  model::DropoutDraw candidate_draw(std::size_t lane);
  template <class Work>
  void for_each_lane(const Work& work);
  void progress();

  StepParts parts_;
  PreparedBatch batches_[2];
  PreparedBatch* batch_ = &batches_[0];  // of this step
  PreparedBatch* next_ = &batches_[1];   // of the next step of the epoch, if there is one
  bool next_is_prepared_ = false;
  std::vector<model::EmbeddingTable*> tables_;
  std::vector<tensor::ConstMatrixView> held_rows_;  // [table]
  exchange::RowFetch fetch_;                        // of the batch that comes next to be looked up
  exchange::CandidateExchange candidates_;
  exchange::DenseExchange dense_exchange_;
  exchange::RowReduce row_reduce_;
  std::vector<LaneState> lanes_;                                   // of this rank
  std::vector<Scratch> scratches_;                                 // one per thread
  tensor::Matrix dense_gradients_;                                 // [own lanes, dense parameters]
  std::vector<std::vector<exchange::RowGradient>> row_gradients_;  // [own lane][table]
  std::vector<std::int64_t> touched_rows_;                         // of one table, with repetitions
  std::vector<std::vector<double>> squared_norms_;                 // [table][touched row]
  std::vector<double> all_squares_;                                // of these and of the dense parameters
  std::vector<std::int32_t> places_;  // 0, 1, 2, ...: of a batch, where it is dropped from
  double gradient_norm_ = 0;
};

}  // namespace gemel::step
