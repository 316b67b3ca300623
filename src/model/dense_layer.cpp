#include "model/dense_layer.hpp"

#include <algorithm>

#include "tensor/arithmetic.hpp"

namespace gemel::model {

DenseLayer::DenseLayer(const std::string& name, std::size_t inputs, std::size_t outputs,
                       onednn::Activation activation, DenseParameters& parameters, std::uint64_t seed)
    : activation_(activation),
      kernel_(parameters.add(name + "/kernel", inputs, outputs, glorot_range(inputs, outputs), seed)),
      bias_(parameters.add(name + "/bias", 1, outputs, 0.0F, seed)) {}

void DenseLayer::forward(std::span<const float> parameters, tensor::ConstMatrixView input,
                         tensor::MatrixView output, onednn::Executor& executor) const {
  executor.dense(input, kernel_.in(parameters), bias_.in(parameters).flat(), activation_, output);
}

void DenseLayer::backward(std::span<const float> parameters, tensor::ConstMatrixView input,
                          tensor::ConstMatrixView output, tensor::MatrixView output_gradient,
                          std::span<float> parameter_gradient, tensor::MatrixView input_gradient,
                          onednn::Executor& executor) const {
  if (activation_ == onednn::Activation::relu) tensor::backward_relu(output.flat(), output_gradient.flat());
  tensor::sum_rows(output_gradient, bias_.in(parameter_gradient).flat());
  const tensor::MatrixView kernel_gradient = kernel_.in(parameter_gradient);
  if (input.rows() == 0) {
    std::fill(kernel_gradient.flat().begin(), kernel_gradient.flat().end(), 0.0F);
    return;
  }
  executor.multiply(input, onednn::Transpose::yes, output_gradient, onednn::Transpose::no, kernel_gradient);
  if (input_gradient.size() > 0) {
    executor.multiply(output_gradient, onednn::Transpose::no, kernel_.in(parameters), onednn::Transpose::yes,
                      input_gradient);
  }
}

}  // namespace gemel::model
