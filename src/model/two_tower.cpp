#include "gemel/model/two_tower.hpp"

#include <utility>

namespace gemel::model {

TwoTower::TwoTower(std::vector<ingest::FittedFeature> query_features,
                   std::vector<ingest::FittedFeature> candidate_features,
                   const std::vector<std::size_t>& layers, std::uint64_t seed,
                   const exchange::TablePlacements& placements)
    : query_("query", std::move(query_features), layers, placements, dense_, seed),
      candidate_("candidate", std::move(candidate_features), layers, placements, dense_, seed) {}

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
