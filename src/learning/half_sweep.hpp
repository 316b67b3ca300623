#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gemel/options.hpp"
#include "learning/factor_table.hpp"
#include "learning/interaction_lists.hpp"
#include "learning/row_systems.hpp"
#include "tensor/matrix.hpp"

namespace gemel::learning {

/// Solves all rows of one table of factors given those of another. Ranks solve blocks of rows of about equal work, whoever holds them,
/// in batches whose factors stay in the cache; of sharded tables they fetch the factors of some batches at a time. The bits are the
/// same on any number of ranks and threads.
class HalfSweep {
 public:
  /// `own`: this rank's interactions, `solved` being the table of their rows. The tables must outlive the object. Collective.
  HalfSweep(const LeastSquaresOptions& options, const Workers& workers, FactorTable& solved,
            FactorTable& given, const Interactions& own);

  /// Interactions for which a rank fetches factors at once, where these are sharded.
  static constexpr std::size_t round_pairs = std::size_t{1} << 18;
  /// Bytes of a row that a rank solves, beside its factors.
  static constexpr std::size_t bytes_beside_factors =
      sizeof(RowSystems::Outcome) + sizeof(float) + sizeof(std::size_t);

  /// Sums over all solved rows, the same on every rank; not finite where the factors are not.
  struct Outcome {
    double objective = 0;  ///< of RowSystems
    double penalty = 0;    ///< l |x|^2
  };
  /// Rows without an interaction become 0, special rows the mean of those with one. Collective.
  Outcome run();

  /// The root of the mean square length of the solved rows that have interactions. Collective.
  float length() { return solved_.length(active_rows_); }

 private:
  /// Rows [first, last).
  using Batch = exchange::RowRange;
  /// One thread's memory.
  struct Scratch {
    RowSystems::Scratch systems;
    std::vector<const float*> vectors;
    std::vector<float> confidences;
    std::vector<RowSystems::Row> rows;
  };

  void find_regularizations();
  void find_batches();
  void solve_round(std::size_t round, const RowSystems& systems);
  void fetch_last_values(const exchange::RowRange& range);
  exchange::ReachableRows fetch_given(const exchange::RowRange& range);
  void solve_batch(const Batch& batch, const exchange::ReachableRows& given, const RowSystems& systems,
                   Scratch& scratch);
  double confidence(float weight) const;
  std::size_t place(std::int64_t row) const { return static_cast<std::size_t>(row - lists_.rows().first); }
  Outcome sum_outcomes();

  LeastSquaresOptions options_;
  Workers workers_;
  FactorTable& solved_;
  FactorTable& given_;
  std::vector<std::int64_t> blocks_;  // [ranks + 1]
  InteractionLists lists_;
  std::int64_t active_rows_ = 0;               // of all ranks that have interactions
  std::vector<float> regularizations_;         // of own rows
  std::vector<std::vector<Batch>> rounds_;     // as many on every rank
  tensor::Matrix factors_;                     // of own rows
  std::vector<RowSystems::Outcome> outcomes_;  // of own rows
  std::vector<Scratch> scratch_;               // of each thread
};

}  // namespace gemel::learning
