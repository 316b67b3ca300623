#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_team.hpp"
#include "exchange/dense_exchange.hpp"
#include "exchange/lane_tree.hpp"
#include "exchange/row_fetch.hpp"
#include "exchange/row_request.hpp"
#include "metering/phase_timer.hpp"
#include "metering/traffic_meter.hpp"
#include "model/embedding_table.hpp"
#include "mpi/communicator.hpp"
#include "tensor/matrix.hpp"

namespace gemel::learning {

/// Who solves least squares together: ranks and their threads, and what is noted of it. The references must outlive it.
struct Workers {
  const exchange::LaneLayout& layout;
  mpi::Communicator& communicator;
  const base::ThreadTeam& team;
  metering::PhaseTimer& timer;
  metering::TrafficMeter& traffic;
};

/// A table of factors, as alternating least squares needs it: its sums over all rows, rows of it within reach, and new rows put where
/// they are held. The first `special_rows` are of no id: they are in no sum.
class FactorTable {
 public:
  /// `table` must outlive the object.
  FactorTable(const Workers& workers, model::EmbeddingTable& table, std::int64_t special_rows);
  FactorTable(const FactorTable&) = delete;
  FactorTable& operator=(const FactorTable&) = delete;

  std::size_t dim() const { return table_.dim(); }
  std::int64_t rows() const { return table_.rows(); }
  std::int64_t special_rows() const { return special_rows_; }
  bool is_sharded() const { return table_.is_sharded(); }

  /// Sums over the rows y, along the lane tree. Valid until the next `store`. Collective.
  struct Sums {
    tensor::ConstMatrixView gram;    ///< of y y' [d, d]
    std::span<const float> vectors;  ///< of y [d]
  };
  Sums sums();

  /// Brings rows within reach: touch(rows) appends those of a sharded table that this rank wants, in any order, with repetitions; of a
  /// replicated one all are. Valid until the next call. Collective where the table is sharded.
  template <class Touch>
  exchange::ReachableRows fetch(const Touch& touch) {
    if (!is_sharded()) return exchange::ReachableRows(table_.weights().view());
    const auto timing = workers_.timer.measure(metering::Phase::lookup);
    const auto counting = workers_.traffic.measure(metering::Traffic::lookup);
    request_.start([&](std::size_t, std::size_t, std::vector<std::int64_t>& rows) { touch(rows); });
    request_.finish();
    return fetch_requested();
  }

  /// Puts the rows of every rank's block, [blocks[rank + 1] - blocks[rank], d], where they are held. Collective.
  void store(tensor::ConstMatrixView own, std::span<const std::int64_t> blocks);
  /// The root of the mean square length of `active` rows, where the others are 0. Collective.
  float length(std::int64_t active);
  /// Makes all special rows `values` [d].
  void set_special_rows(std::span<const float> values);

 private:
  exchange::ReachableRows fetch_requested();
  void add_lanes();
  void add_lane(std::size_t lane, const exchange::ReachableRows& rows);
  exchange::RowRange rows_of_lane(int lane) const;
  void store_replicated(tensor::ConstMatrixView own, std::span<const std::int64_t> blocks);
  void store_sharded(tensor::ConstMatrixView own, std::span<const std::int64_t> blocks);

  Workers workers_;
  model::EmbeddingTable& table_;
  std::int64_t special_rows_;
  exchange::RowRequest request_;
  exchange::RowFetch fetch_;
  tensor::Matrix lanes_;  // [own lanes, d * d + d]: what each lane adds to the sums
  exchange::DenseExchange exchange_;
  std::span<const float> sums_;  // of the rows as they are; empty when these have changed
};

}  // namespace gemel::learning
