#include "model/two_tower.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace gemel::model {
namespace {

bool have_biases(const std::vector<features::FittedFeature>& features) {
  return std::ranges::any_of(features, [](const features::FittedFeature& feature) {
    return feature.spec.kind == features::FeatureKind::bias;
  });
}

}  // namespace

TwoTower::TwoTower(std::vector<features::FittedFeature> query_features,
                   std::vector<features::FittedFeature> candidate_features, const ModelOptions& options,
                   std::uint64_t seed, const exchange::TablePlacements& placements)
    : query_("query", std::move(query_features),
             {options.layers, options.normalize, options.query_dropout, options.dropout,
              options.embedding_range, have_biases(candidate_features)},
             placements, dense_, seed),
      candidate_("candidate", std::move(candidate_features),
                 {options.layers, options.normalize, options.candidate_dropout, options.dropout,
                  options.embedding_range, false},
                 placements, dense_, seed) {
  base::require(query_.output_width() == candidate_.output_width(),
                "model: vectors of both towers must be of the same width");
}

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
