#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "gemel/exchange/candidate_exchange.hpp"
#include "gemel/exchange/candidate_gather.hpp"
#include "gemel/exchange/dense_exchange.hpp"
#include "gemel/exchange/lane_tree.hpp"
#include "gemel/exchange/row_exchange.hpp"
#include "gemel/exchange/row_fetch.hpp"
#include "gemel/exchange/row_request.hpp"
#include "gemel/exchange/sharded_row_exchange.hpp"
#include "gemel/mpi/communicator.hpp"
#include "gemel/training/plan.hpp"
#include "gemel/training/traffic.hpp"
#include "workload.hpp"

namespace gemel::scaling {

/// What a rank did in a step.
struct StepCounts {
  double seconds = 0;          ///< of simulated time
  double compute_seconds = 0;  ///< of that, in which it computed
  std::int64_t messages = 0;   ///< sent
  std::array<std::int64_t, training::traffic_names.size()> bytes{};
};

/// The job as the planner wants it: what a batch touches is counted in its first one. Collective.
training::JobShape shape_of(const Job& job, const Workload& workload, const exchange::LanePlan& plan,
                            mpi::Communicator& communicator);

/// training::TrainingStep without its arithmetic: the exchanges of exchange/, in the order in which a step calls them, and simulated
/// time in place of computing. What ranks send has contents by which the receivers know that they got the right thing.
class SimulatedStep {
 public:
  SimulatedStep(const Job& job, const Workload& workload, const training::Plan& placements,
                const exchange::LanePlan& plan, mpi::Communicator& communicator);

  /// One step; throws InternalError when something arrived that should not have. Collective.
  StepCounts run(std::int64_t batch);
  /// Waits for what the last step began for the next one. Collective.
  void drain() { next_->request.finish(); }

 private:
  struct Lane {
    std::int64_t first_example = 0;
    std::int64_t last_example = 0;
    exchange::ColumnSlice slice;
  };
  /// A batch before its step, as training::PreparedBatch.
  struct Batch {
    exchange::CandidateGather gather;
    exchange::RowRequest request;
    std::vector<Lane> lanes;
    double gathered = 0;  ///< when what was begun last is through the network card
    double requested = 0;
  };

  static std::vector<exchange::ShardedTable> sharded_tables(const training::Plan& placements);
  static std::vector<exchange::RowExchange::Table> replicated_tables(const training::Plan& placements);
  std::unique_ptr<Batch> make_batch() const;
  std::vector<std::int64_t> rows_of(const Batch& batch, const Lane& lane, std::size_t table) const;

  void start_gather(Batch& batch, std::int64_t number);
  void finish_gather(Batch& batch, std::int64_t number);
  void start_request(Batch& batch);
  void fetch_rows();
  void exchange_candidates(std::int64_t next);
  void exchange_gradients();
  void update();
  void check_gradients();

  void compute(double flops);
  void compute_lanes(double flops);
  void touch(double bytes);
  double account(training::Traffic purpose);
  void wait_until(double time);
  void pass(double seconds);

  const Job& job_;
  const Workload& workload_;
  const exchange::LanePlan& plan_;
  mpi::Communicator& communicator_;
  double query_parameters_;
  double candidate_parameters_;
  std::vector<exchange::ShardedTable> sharded_;
  std::unique_ptr<Batch> batch_;
  std::unique_ptr<Batch> next_;
  bool is_first_ = true;
  exchange::RowFetch fetch_;
  std::vector<tensor::Matrix> held_;                // of sharded tables
  std::vector<tensor::ConstMatrixView> held_rows_;  // of sharded tables
  exchange::CandidateExchange candidates_;
  exchange::DenseExchange dense_exchange_;
  exchange::RowExchange row_exchange_;
  exchange::ShardedRowExchange sharded_row_exchange_;
  tensor::Matrix dense_gradients_;                                 // [own lanes, dense parameters]
  std::vector<std::vector<exchange::RowGradient>> row_gradients_;  // [own lane][table]
  std::vector<std::int64_t> touched_;  // [table] ones that came, in all rows held here
  StepCounts counts_;
  double card_is_free_ = 0;  // when the network card has done what it was given so far
  std::int64_t bytes_before_ = 0;
  std::int64_t received_before_ = 0;
  std::int64_t messages_before_ = 0;
};

}  // namespace gemel::scaling
