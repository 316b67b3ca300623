#include "model/tower.hpp"

#include <algorithm>
#include <utility>

namespace gemel::model {

Tower::Tower(TowerArchitecture architecture, std::vector<features::FittedFeature> features,
             const exchange::TablePlacements& placements, std::uint64_t seed)
    : architecture_(std::move(architecture)), features_(std::move(features)) {
  for (const TableShape& shape : architecture_.input().tables())
    tables_.emplace_back(shape, placements, seed);
}

void Tower::look_up(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
                    std::span<const exchange::ReachableRows> tables, Activations& activations) const {
  const FeatureInput& input = architecture_.input();
  architecture_.layers().begin(selection.size(), activations.layers);
  input.forward(rows, selection, tables, activations.layers.input());
  if (!input.has_biases()) return;
  activations.biases.resize(selection.size());
  input.look_up_biases(rows, selection, tables, activations.biases);
}

void Tower::forward(const ForwardPass& pass, Activations& activations, tensor::MatrixView vectors) const {
  const LayerStack& layers = architecture_.layers();
  if (!architecture_.has_last_column()) return layers.forward(pass, activations.layers, vectors);
  activations.computed.resize(vectors.rows(), layers.outputs());
  layers.forward(pass, activations.layers, activations.computed.view());
  append_last_column(activations, vectors);
}

void Tower::append_last_column(const Activations& activations, tensor::MatrixView vectors) const {
  const bool append_one = architecture_.options().append_one;
  for (std::size_t i = 0; i < vectors.rows(); ++i) {
    const std::span<const float> computed = activations.computed.row(i);
    const std::span<float> vector = vectors.row(i);
    std::copy(computed.begin(), computed.end(), vector.begin());
    vector.back() = append_one ? 1.0F : activations.biases[i];
  }
}

/// The gradient of what was computed; that of the last column stays in activations.bias_gradient.
tensor::MatrixView Tower::split_last_column(tensor::ConstMatrixView vector_gradient,
                                            Activations& activations) const {
  activations.computed_gradient.resize(vector_gradient.rows(), architecture_.layers().outputs());
  activations.bias_gradient.resize(vector_gradient.rows(), 1);
  for (std::size_t i = 0; i < vector_gradient.rows(); ++i) {
    const std::span<const float> gradient = vector_gradient.row(i);
    std::copy(gradient.begin(), gradient.end() - 1, activations.computed_gradient.row(i).begin());
    activations.bias_gradient(i, 0) = gradient.back();
  }
  return activations.computed_gradient.view();
}

void Tower::backward(const BackwardPass& pass, Activations& activations, tensor::ConstMatrixView vectors,
                     tensor::MatrixView vector_gradient) const {
  const LayerStack& layers = architecture_.layers();
  if (!architecture_.has_last_column())
    return layers.backward(pass, activations.layers, vectors, vector_gradient);
  const tensor::MatrixView gradient = split_last_column(vector_gradient, activations);
  layers.backward(pass, activations.layers, std::as_const(activations.computed).view(), gradient);
}

void Tower::row_gradients(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
                          const Activations& activations, std::span<exchange::RowGradient> gradients,
                          FeatureInput::Scratch& scratch) const {
  architecture_.input().backward(rows, selection, activations.layers.input_gradient(),
                                 activations.bias_gradient.view(), gradients, scratch);
}

}  // namespace gemel::model
