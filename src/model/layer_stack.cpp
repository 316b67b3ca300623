#include "model/layer_stack.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace gemel::model {
namespace {

tensor::MatrixView resized(tensor::Matrix& matrix, std::size_t rows, std::size_t cols) {
  matrix.resize(rows, cols);
  return matrix.view();
}

}  // namespace

void LayerStack::add(std::unique_ptr<const Layer> layer) {
  base::require(layer->inputs() == outputs(), "model: a layer does not take what the one before it gives");
  base::require(layers_.empty() || !layers_.back()->needs_output() || !layer->works_in_place(),
                "model: a layer would overwrite the output that the one before it needs");
  if (!layer->works_in_place()) widths_.push_back(layer->outputs());
  layers_.push_back(std::move(layer));
}

bool LayerStack::drops() const {
  return std::ranges::any_of(layers_, [](const auto& layer) { return layer->drops(); });
}

std::size_t LayerStack::activation_bytes(std::size_t rows) const {
  std::size_t floats = 0;
  for (std::size_t i = 0; i < std::max<std::size_t>(stages(), 1); ++i) floats += 2 * widths_[i];
  for (const auto& layer : layers_) floats += layer->kept_width();
  return rows * floats * sizeof(float);
}

std::int64_t LayerStack::forward_flops(std::size_t rows) const {
  std::int64_t flops = 0;
  for (const auto& layer : layers_) flops += layer->forward_flops(rows);
  return flops;
}

std::int64_t LayerStack::backward_flops(std::size_t rows) const {
  std::int64_t flops = 0;
  for (const auto& layer : layers_) flops += layer->backward_flops(rows);
  return flops;
}

void LayerStack::begin(std::size_t rows, Activations& activations) const {
  activations.values.resize(std::max<std::size_t>(stages(), 1));
  activations.gradients.resize(activations.values.size());
  activations.kept.resize(layers_.size());
  activations.values.front().resize(rows, inputs());
}

void LayerStack::forward(const ForwardPass& pass, Activations& activations, tensor::MatrixView result) const {
  tensor::MatrixView input = activations.input();
  std::size_t stage = 0;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    tensor::MatrixView output = input;
    if (!layers_[i]->works_in_place()) {
      ++stage;
      output = stage == stages() ? result : resized(activations.values[stage], input.rows(), widths_[stage]);
    }
    layers_[i]->forward(pass, input, output, activations.kept[i]);
    input = output;
  }
  if (stages() == 0) std::ranges::copy(input.flat(), result.data());
}

void LayerStack::backward(const BackwardPass& pass, Activations& activations, tensor::ConstMatrixView result,
                          tensor::MatrixView result_gradient) const {
  tensor::ConstMatrixView output = result;
  tensor::MatrixView output_gradient = result_gradient;
  std::size_t stage = stages();
  for (std::size_t i = layers_.size(); i-- > 0;) {
    tensor::ConstMatrixView input = output;
    tensor::MatrixView input_gradient = output_gradient;
    if (!layers_[i]->works_in_place()) {
      --stage;
      input = std::as_const(activations.values[stage]).view();
      input_gradient = resized(activations.gradients[stage], output.rows(), widths_[stage]);
    }
    layers_[i]->backward(pass, input, output, output_gradient, input_gradient, activations.kept[i]);
    output = input;
    output_gradient = input_gradient;
  }
  if (stages() > 0) return;
  const tensor::MatrixView gradient = resized(activations.gradients.front(), output.rows(), inputs());
  std::ranges::copy(output_gradient.flat(), gradient.data());
}

}  // namespace gemel::model
