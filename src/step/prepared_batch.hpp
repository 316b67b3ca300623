#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "exchange/candidate_exchange.hpp"
#include "exchange/candidate_gather.hpp"
#include "exchange/lane_tree.hpp"
#include "exchange/row_request.hpp"
#include "features/feature.hpp"
#include "learning/negatives.hpp"
#include "model/two_tower.hpp"
#include "mpi/communicator.hpp"
#include "step/epoch_deal.hpp"

namespace gemel::step {

/// A batch before its step: which candidates it has, and which rows of tables its lanes look up. Both are known from the
/// deal, so ranks tell each other while the batch before is computed: the members are called in the order in which they stand here,
/// as far apart as the caller likes. Each is collective.
class PreparedBatch {
 public:
  /// What one of this rank's lanes is going to work on.
  struct LaneTask {
    std::span<const std::int32_t> selection;  ///< rows of the dealt examples
    std::span<const float> weights;           ///< of the dealt examples; empty: all 1
    std::span<const std::int32_t> users;      ///< of the dealt examples; empty: they have none
    exchange::ColumnSlice slice;              ///< columns that the lane embeds
    std::vector<std::int32_t> labels;         ///< the column of each example's own candidate
  };

  PreparedBatch(const exchange::LaneLayout& layout, mpi::Communicator& communicator,
                const step::EpochDeal& deal, const features::FeatureRows& catalogue,
                const model::TwoTower& model, const learning::Negatives& negatives);

  /// Begins to gather the candidates of batch `batch` of the epoch that was dealt, with one word of flags.
  void start_gather(std::int64_t batch, std::uint32_t flags);
  /// Waits for the other ranks' candidates. `finish_gather` does, too.
  void wait_for_gather() { gather_.wait(); }
  /// Lets MPI move data; call now and then between start and wait.
  void progress() { gather_.progress(); }
  /// Returns the bitwise or of all ranks' flags.
  std::uint32_t finish_gather();

  void start_request();
  void finish_request();

  /// The batch that was last begun; -1 before the first.
  std::int64_t number() const { return number_; }
  /// The weight of the batch's examples, over all ranks.
  double weight() const { return gather_.weight(); }
  const exchange::DistinctCandidates& candidates() const { return gather_.candidates(); }
  const exchange::RowRequest& request() const { return request_; }
  std::span<const LaneTask> lanes() const { return lanes_; }
  /// After `finish_request`: appends the rows of a table of the model that this rank holds and that the batch is going to look up, in
  /// any order, with repetitions.
  void append_needed_rows(std::size_t table, std::vector<std::int64_t>& rows) const;
  /// Catalogue rows of the columns that a lane embeds, -1 for padding.
  std::span<const std::int32_t> columns_of(const LaneTask& lane) const {
    return candidates().rows().subspan(lane.slice.first, lane.slice.size());
  }

 private:
  void append_touched_rows(std::size_t part, std::size_t table, std::vector<std::int64_t>& rows) const;
  std::span<const float> weights_of(step::EpochDeal::Range examples) const;

  const exchange::LaneLayout& layout_;
  const step::EpochDeal& deal_;
  const features::FeatureRows& catalogue_;
  const model::TwoTower& model_;
  const learning::Negatives& negatives_;
  exchange::CandidateGather gather_;
  exchange::RowRequest request_;
  std::int64_t number_ = -1;
  std::vector<double> lane_weights_;
  std::vector<std::int32_t> drawn_;  // items
  std::vector<std::int32_t> iota_;   // 0, 1, 2, ...: selects dealt examples
  std::vector<LaneTask> lanes_;
};

}  // namespace gemel::step
