#include "model/tower.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/unit_rows.hpp"
#include "tensor/arithmetic.hpp"

namespace gemel::model {
namespace {

void multiply_where_dropped(const tensor::Matrix& factors, tensor::Matrix& gradient) {
  if (factors.size() > 0) tensor::multiply(gradient.view().flat(), factors.view().flat());
}

}  // namespace

Tower::Tower(std::string name, std::vector<features::FittedFeature> features, TowerShape shape,
             const exchange::TablePlacements& placements, DenseParameters& parameters, std::uint64_t seed)
    : name_(std::move(name)),
      features_(std::move(features)),
      shape_(std::move(shape)),
      input_(features_, name_, placements, shape_.embedding_range, seed) {
  const std::vector<std::size_t>& layers = shape_.layers;
  dropouts_.emplace_back(shape_.input_dropout, name_ + "/dropout_input", seed);
  for (std::size_t i = 0; i + 1 < layers.size(); ++i) {
    dropouts_.emplace_back(shape_.hidden_dropout, fmt::format("{}/dropout_{}", name_, i), seed);
  }
  std::size_t width = input_.width();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto activation = i + 1 < layers.size() ? onednn::Activation::relu : onednn::Activation::none;
    layers_.emplace_back(fmt::format("{}/dense_{}", name_, i), width, layers[i], activation, parameters,
                         seed);
    width = layers[i];
  }
}

void Tower::look_up(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
                    std::span<const exchange::ReachableRows> tables, Activations& activations) const {
  activations.input.resize(selection.size(), input_.width());
  input_.forward(rows, selection, tables, activations.input.view());
  if (!input_.has_biases()) return;
  activations.biases.resize(selection.size());
  input_.look_up_biases(rows, selection, tables, activations.biases);
}

bool Tower::drops() const {
  return std::ranges::any_of(dropouts_, &Dropout::is_on);
}

void Tower::forward(std::span<const float> parameters, Activations& activations, tensor::MatrixView vectors,
                    onednn::Executor& executor, const DropoutDraw* draw) const {
  tensor::MatrixView computed = vectors;
  if (has_last_column()) {
    activations.computed.resize(vectors.rows(), computed_width());
    computed = activations.computed.view();
  }
  run_layers(parameters, activations, computed, executor, draw);
  if (shape_.normalize) normalize_rows(computed, activations.factors);
  if (has_last_column()) append_last_column(activations, vectors);
}

void Tower::run_layers(std::span<const float> parameters, Activations& activations, tensor::MatrixView result,
                       onednn::Executor& executor, const DropoutDraw* draw) const {
  activations.dropout.resize(dropouts_.size());
  drop(0, draw, activations.input.view(), activations);
  tensor::ConstMatrixView input = activations.input.view();
  if (layers_.empty()) {
    std::copy_n(input.data(), input.size(), result.data());
    return;
  }
  activations.outputs.resize(layers_.size() - 1);
  for (std::size_t i = 0; i + 1 < layers_.size(); ++i) {
    activations.outputs[i].resize(input.rows(), layers_[i].outputs());
    layers_[i].forward(parameters, input, activations.outputs[i].view(), executor);
    drop(i + 1, draw, activations.outputs[i].view(), activations);
    input = activations.outputs[i].view();
  }
  layers_.back().forward(parameters, input, result, executor);
}

/// `place` counts dropouts_.
void Tower::drop(std::size_t place, const DropoutDraw* draw, tensor::MatrixView values,
                 Activations& activations) const {
  if (draw == nullptr || !dropouts_[place].is_on()) {
    activations.dropout[place].resize(0, 0);
  } else {
    dropouts_[place].apply(*draw, values, activations.dropout[place]);
  }
}

void Tower::append_last_column(const Activations& activations, tensor::MatrixView vectors) const {
  for (std::size_t i = 0; i < vectors.rows(); ++i) {
    const std::span<const float> computed = activations.computed.row(i);
    const std::span<float> vector = vectors.row(i);
    std::copy(computed.begin(), computed.end(), vector.begin());
    vector.back() = shape_.append_one ? 1.0F : activations.biases[i];
  }
}

/// The gradient of what was computed; that of the last column stays in activations.bias_gradient.
tensor::MatrixView Tower::split_last_column(tensor::ConstMatrixView vector_gradient,
                                            Activations& activations) const {
  activations.computed_gradient.resize(vector_gradient.rows(), computed_width());
  activations.bias_gradient.resize(vector_gradient.rows(), 1);
  for (std::size_t i = 0; i < vector_gradient.rows(); ++i) {
    const std::span<const float> gradient = vector_gradient.row(i);
    std::copy(gradient.begin(), gradient.end() - 1, activations.computed_gradient.row(i).begin());
    activations.bias_gradient(i, 0) = gradient.back();
  }
  return activations.computed_gradient.view();
}

void Tower::backward(std::span<const float> parameters, Activations& activations,
                     tensor::ConstMatrixView vectors, tensor::MatrixView vector_gradient,
                     std::span<float> parameter_gradient, onednn::Executor& executor) const {
  tensor::ConstMatrixView output = vectors;
  tensor::MatrixView output_gradient = vector_gradient;
  if (has_last_column()) {
    output = activations.computed.view();
    output_gradient = split_last_column(vector_gradient, activations);
  }
  if (shape_.normalize) backward_normalize_rows(output, activations.factors, output_gradient);
  activations.gradients.resize(std::max<std::size_t>(layers_.size(), 1));
  if (layers_.empty()) {
    activations.gradients.front().resize(output_gradient.rows(), output_gradient.cols());
    std::copy_n(output_gradient.data(), output_gradient.size(), activations.gradients.front().data());
    multiply_where_dropped(activations.dropout.front(), activations.gradients.front());
  }
  for (std::size_t i = layers_.size(); i-- > 0;) {
    const tensor::ConstMatrixView input =
        i > 0 ? std::as_const(activations.outputs[i - 1]).view() : std::as_const(activations.input).view();
    activations.gradients[i].resize(input.rows(), input.cols());
    layers_[i].backward(parameters, input, output, output_gradient, parameter_gradient,
                        activations.gradients[i].view(), executor);
    multiply_where_dropped(activations.dropout[i], activations.gradients[i]);
    output = input;
    output_gradient = activations.gradients[i].view();
  }
}

void Tower::row_gradients(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
                          const Activations& activations, std::span<exchange::RowGradient> gradients,
                          FeatureInput::Scratch& scratch) const {
  input_.backward(rows, selection, activations.gradients.front().view(), activations.bias_gradient.view(),
                  gradients, scratch);
}

}  // namespace gemel::model
