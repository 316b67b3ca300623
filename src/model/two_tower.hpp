#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "features/feature.hpp"
#include "gemel/options.hpp"
#include "model/architecture.hpp"
#include "model/parameter.hpp"
#include "model/tower.hpp"

namespace gemel::model {

/// A query tower and a candidate tower whose vectors' dot product ranks the catalogue. Dense parameters are the same on
/// every rank, tables replicated or sharded.
class TwoTower {
 public:
  /// As Architecture, with tables as they are placed. All first values are functions of the seed.
  TwoTower(std::vector<features::FittedFeature> query_features,
           std::vector<features::FittedFeature> candidate_features, const ModelOptions& options,
           std::uint64_t seed, const exchange::TablePlacements& placements = {},
           const LossOptions& loss = {});
  TwoTower(const TwoTower&) = delete;
  TwoTower& operator=(const TwoTower&) = delete;

  Tower& query() { return query_; }
  const Tower& query() const { return query_; }
  Tower& candidate() { return candidate_; }
  const Tower& candidate() const { return candidate_; }
  DenseParameters& dense() { return dense_; }
  const DenseParameters& dense() const { return dense_; }

  /// Width d of the vectors, with the column of the biases where there are any.
  std::size_t dim() const { return query_.output_width(); }
  /// All tables: the query tower's, then the candidate tower's. In this order their gradients are exchanged and kept.
  std::vector<EmbeddingTable*> tables();
  std::vector<const EmbeddingTable*> tables() const;

 private:
  TwoTower(Architecture architecture, std::vector<features::FittedFeature>&& query_features,
           std::vector<features::FittedFeature>&& candidate_features, std::uint64_t seed,
           const exchange::TablePlacements& placements);

  DenseParameters dense_;
  Tower query_;
  Tower candidate_;
};

}  // namespace gemel::model
