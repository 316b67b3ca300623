#include "model/architecture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "base/error.hpp"
#include "model/dense_layer.hpp"
#include "model/dropout.hpp"
#include "model/unit_rows.hpp"

namespace gemel::model {
namespace {

using Features = std::vector<features::FittedFeature>;

void add_dropout(float share, const std::string& name, std::uint64_t seed, LayerStack& layers) {
  if (share > 0) layers.add(std::make_unique<Dropout>(share, name, layers.outputs(), seed));
}

LayerStack make_layers(const std::string& tower, std::size_t inputs, const TowerOptions& options,
                       DenseLayout& dense, std::uint64_t seed) {
  LayerStack layers(inputs);
  add_dropout(options.input_dropout, tower + "/dropout_input", seed, layers);
  for (std::size_t i = 0; i < options.layers.size(); ++i) {
    const bool is_last = i + 1 == options.layers.size();
    const auto activation = is_last ? onednn::Activation::none : onednn::Activation::relu;
    layers.add(std::make_unique<DenseLayer>(fmt::format("{}/dense_{}", tower, i), layers.outputs(),
                                            options.layers[i], activation, dense));
    if (!is_last) add_dropout(options.hidden_dropout, fmt::format("{}/dropout_{}", tower, i), seed, layers);
  }
  if (options.normalize) layers.add(std::make_unique<UnitRows>(layers.outputs()));
  return layers;
}

bool have_biases(const Features& features) {
  return std::ranges::any_of(features,
                             [](const features::FittedFeature& feature) { return feature.spec.is_bias(); });
}

}  // namespace

TowerArchitecture::TowerArchitecture(std::string name, const Features& features, TowerOptions options,
                                     DenseLayout& dense, std::uint64_t seed)
    : name_(std::move(name)),
      options_(std::move(options)),
      input_(features, name_, options_.embedding_range),
      layers_(make_layers(name_, input_.width(), options_, dense, seed)) {}

std::size_t TowerArchitecture::activation_bytes(std::size_t rows) const {
  std::size_t floats = input_.has_biases() ? 1 : 0;
  if (has_last_column()) floats += 2 * layers_.outputs() + 1;
  return layers_.activation_bytes(rows) + rows * floats * sizeof(float);
}

Architecture::Architecture(const Features& query_features, const Features& candidate_features,
                           const ModelOptions& options, std::uint64_t seed, const LossOptions& loss)
    : query("query", query_features,
            {options.layers, options.normalize, options.query_dropout, options.dropout,
             options.embedding_range, have_biases(candidate_features)},
            dense, seed),
      candidate("candidate", candidate_features,
                {options.layers, options.normalize, options.candidate_dropout, options.dropout,
                 options.embedding_range, false},
                dense, seed) {
  base::require(query.output_width() == candidate.output_width(),
                "model: vectors of both towers must be of the same width");
  if (loss.learned_temperature) {
    dense.add(std::string(log_temperature), 1, 1, {.constant = std::log(loss.temperature)});
  }
}

}  // namespace gemel::model
