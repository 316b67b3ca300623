#include "model/two_tower.hpp"

#include <utility>

namespace gemel::model {

TwoTower::TwoTower(std::vector<features::FittedFeature> query_features,
                   std::vector<features::FittedFeature> candidate_features, const ModelOptions& options,
                   std::uint64_t seed, const exchange::TablePlacements& placements, const LossOptions& loss)
    : TwoTower(Architecture(query_features, candidate_features, options, seed, loss),
               std::move(query_features), std::move(candidate_features), seed, placements) {}

TwoTower::TwoTower(Architecture architecture, std::vector<features::FittedFeature>&& query_features,
                   std::vector<features::FittedFeature>&& candidate_features, std::uint64_t seed,
                   const exchange::TablePlacements& placements)
    : dense_(std::move(architecture.dense), seed),
      query_(std::move(architecture.query), std::move(query_features), placements, seed),
      candidate_(std::move(architecture.candidate), std::move(candidate_features), placements, seed) {}

std::vector<EmbeddingTable*> TwoTower::tables() {
  std::vector<EmbeddingTable*> all;
  for (EmbeddingTable& table : query_.tables()) all.push_back(&table);
  for (EmbeddingTable& table : candidate_.tables()) all.push_back(&table);
  return all;
}

std::vector<const EmbeddingTable*> TwoTower::tables() const {
  std::vector<const EmbeddingTable*> all;
  for (const EmbeddingTable& table : query_.tables()) all.push_back(&table);
  for (const EmbeddingTable& table : candidate_.tables()) all.push_back(&table);
  return all;
}

}  // namespace gemel::model
