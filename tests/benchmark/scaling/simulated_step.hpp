#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "exchange/candidate_exchange.hpp"
#include "exchange/candidate_gather.hpp"
#include "exchange/dense_exchange.hpp"
#include "exchange/lane_tree.hpp"
#include "exchange/row_fetch.hpp"
#include "exchange/row_reduce.hpp"
#include "exchange/row_request.hpp"
#include "mpi/communicator.hpp"
#include "node.hpp"
#include "plan/plan.hpp"
#include "step/step_order.hpp"
#include "workload.hpp"

namespace gemel::scaling {

/// step::TrainingStep without its arithmetic, all parts in one: the phases of a step in their order (step::run_in_order), which call the
/// same exchanges, and let simulated time pass in place of computing. Each rank is one lane. What ranks send has contents by which
/// receivers know that they got the right thing: InternalError when they did not.
class SimulatedStep {
 public:
  SimulatedStep(const Workload& workload, const plan::Plan& placements, const exchange::LaneLayout& layout,
                mpi::Communicator& communicator, Node& node);

  /// Prepares a batch that no step before it has prepared. Collective.
  void gather_first(std::int64_t batch);
  /// One step, which prepares the batch after it, too. Collective.
  void run(std::int64_t batch);
  /// Checks that no gradient of a row was lost. Collective.
  void check_gradients() const;

 private:
  template <class Batches, class Passes, class Update>
  friend std::uint32_t step::run_in_order(Batches& batches, Passes& passes, Update& update,
                                          std::uint32_t flags);

  /// A batch before its step, as step::PreparedBatch.
  struct Batch {
    exchange::CandidateGather gather;
    exchange::RowRequest request;
    std::int64_t number = 0;
    exchange::ColumnSlice slice{};
  };

  /// The last rank gives a flag.
  std::uint32_t own_flags() const { return layout_.rank + 1 == layout_.ranks ? 1 : 0; }
  void start_gather(Batch& batch, std::int64_t number, std::uint32_t flags);
  std::uint32_t finish_gather(Batch& batch);
  void start_request(Batch& batch);

  static bool has_next() { return true; }
  void start_next(std::uint32_t flags);
  std::uint32_t finish_next();
  void start_fetch(Batch& batch);
  void start_next_fetch() { start_fetch(*next_); }
  void finish_fetch(const Batch& batch);
  void finish_fetch() { finish_fetch(*next_); }
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
  void finish_row_reduce();
  void begin_update() {}  // gradients are not clipped
  void update_rows();
  void update_dense();

  void make_row_gradients(std::size_t first, std::size_t last);
  std::vector<std::int64_t> rows_of(const Batch& batch, std::size_t table) const;
  double examples() const;
  double columns() const { return static_cast<double>(batch_->gather.candidates().columns()); }

  const Workload& workload_;
  const exchange::LaneLayout& layout_;
  mpi::Communicator& communicator_;
  Node& node_;
  double query_parameters_;
  double candidate_parameters_;
  std::vector<exchange::RowTable> tables_;
  std::array<Batch, 2> batches_;
  Batch* batch_ = &batches_[0];
  Batch* next_ = &batches_[1];
  exchange::RowFetch fetch_;
  std::vector<tensor::Matrix> held_;                // [table]; empty of replicated ones
  std::vector<tensor::ConstMatrixView> held_rows_;  // [table]
  exchange::CandidateExchange candidates_;
  exchange::DenseExchange dense_exchange_;
  exchange::RowReduce row_reduce_;
  tensor::Matrix dense_gradients_;                                 // [1, dense parameters]
  std::vector<std::vector<exchange::RowGradient>> row_gradients_;  // [1][table]
  std::array<std::int64_t, table_count> touched_{};  // ones that came, in all rows that are held here
};

}  // namespace gemel::scaling
