#include "gemel/model/tower.hpp"

#include <fmt/format.h>

#include <utility>

namespace gemel::model {

Tower::Tower(std::string name, std::vector<ingest::FittedFeature> features,
             const std::vector<std::size_t>& layers, const exchange::TablePlacements& placements,
             DenseParameters& parameters, std::uint64_t seed)
    : name_(std::move(name)), features_(std::move(features)), input_(features_, name_, placements, seed) {
  std::size_t width = input_.width();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto activation = i + 1 < layers.size() ? onednn::Activation::relu : onednn::Activation::none;
    layers_.emplace_back(fmt::format("{}/dense_{}", name_, i), width, layers[i], activation, parameters,
                         seed);
    width = layers[i];
  }
}

void Tower::look_up(const ingest::FeatureRows& rows, std::span<const std::int32_t> selection,
                    std::span<const exchange::ReachableRows> tables, Activations& activations) const {
  activations.input.resize(selection.size(), input_.width());
  input_.forward(rows, selection, tables, activations.input.view());
}

void Tower::forward(std::span<const float> parameters, Activations& activations, tensor::MatrixView vectors,
                    onednn::Executor& executor) const {
  activations.outputs.resize(layers_.size() - 1);
  tensor::ConstMatrixView input = activations.input.view();
  for (std::size_t i = 0; i + 1 < layers_.size(); ++i) {
    activations.outputs[i].resize(input.rows(), layers_[i].outputs());
    layers_[i].forward(parameters, input, activations.outputs[i].view(), executor);
    input = activations.outputs[i].view();
  }
  layers_.back().forward(parameters, input, vectors, executor);
}

void Tower::backward(std::span<const float> parameters, Activations& activations,
                     tensor::ConstMatrixView vectors, tensor::MatrixView vector_gradient,
                     std::span<float> parameter_gradient, onednn::Executor& executor) const {
  activations.gradients.resize(layers_.size());
  tensor::ConstMatrixView output = vectors;
  tensor::MatrixView output_gradient = vector_gradient;
  for (std::size_t i = layers_.size(); i-- > 0;) {
    const tensor::ConstMatrixView input =
        i > 0 ? std::as_const(activations.outputs[i - 1]).view() : std::as_const(activations.input).view();
    activations.gradients[i].resize(input.rows(), input.cols());
    layers_[i].backward(parameters, input, output, output_gradient, parameter_gradient,
                        activations.gradients[i].view(), executor);
    output = input;
    output_gradient = activations.gradients[i].view();
  }
}

void Tower::row_gradients(const ingest::FeatureRows& rows, std::span<const std::int32_t> selection,
                          const Activations& activations, std::span<exchange::RowGradient> gradients,
                          FeatureInput::Scratch& scratch) const {
  input_.backward(rows, selection, activations.gradients.front().view(), gradients, scratch);
}

}  // namespace gemel::model
