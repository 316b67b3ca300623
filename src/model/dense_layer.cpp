#include "model/dense_layer.hpp"

#include <algorithm>

#include "tensor/arithmetic.hpp"

namespace gemel::model {

DenseLayer::DenseLayer(const std::string& name, std::size_t inputs, std::size_t outputs,
                       onednn::Activation activation, DenseLayout& dense)
    : activation_(activation),
      parameters_{dense.add(name + "/kernel", inputs, outputs, {.range = glorot_range(inputs, outputs)}),
                  dense.add(name + "/bias", 1, outputs)} {}

std::int64_t DenseLayer::forward_flops(std::size_t rows) const {
  return static_cast<std::int64_t>(2 * rows * inputs() * outputs());
}

void DenseLayer::forward(const ForwardPass& pass, tensor::ConstMatrixView input, tensor::MatrixView output,
                         tensor::Matrix& /*kept*/) const {
  pass.executor.dense(input, kernel().in(pass.parameters), bias().in(pass.parameters).flat(), activation_,
                      output);
}

void DenseLayer::backward(const BackwardPass& pass, tensor::ConstMatrixView input,
                          tensor::ConstMatrixView output, tensor::MatrixView output_gradient,
                          tensor::MatrixView input_gradient, const tensor::Matrix& /*kept*/) const {
  if (activation_ == onednn::Activation::relu) tensor::backward_relu(output.flat(), output_gradient.flat());
  tensor::sum_rows(output_gradient, bias().in(pass.parameter_gradient).flat());
  const tensor::MatrixView kernel_gradient = kernel().in(pass.parameter_gradient);
  if (input.rows() == 0) {
    std::ranges::fill(kernel_gradient.flat(), 0.0F);
    return;
  }
  using enum onednn::Transpose;
  pass.executor.multiply(input, yes, output_gradient, no, kernel_gradient);
  if (input_gradient.size() > 0) {
    pass.executor.multiply(output_gradient, no, kernel().in(pass.parameters), yes, input_gradient);
  }
}

}  // namespace gemel::model
