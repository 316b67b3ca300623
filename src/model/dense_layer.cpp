#include "model/dense_layer.hpp"

#include <algorithm>

#include "base/vectorize.hpp"

namespace gemel::model {
namespace {

/// gradient[i] = 0 where relu gave 0.
GEMEL_VECTORIZE
void backward_relu(std::span<const float> output, std::span<float> gradient) {
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] = output[i] > 0.0F ? gradient[i] : 0.0F;
}

/// sums [cols] = the sum over the rows of `matrix` [rows, cols], in row order.
GEMEL_VECTORIZE
void sum_rows(tensor::ConstMatrixView matrix, std::span<float> sums) {
  std::fill(sums.begin(), sums.end(), 0.0F);
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    const std::span<const float> values = matrix.row(row);
    for (std::size_t col = 0; col < sums.size(); ++col) sums[col] += values[col];
  }
}

}  // namespace

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
  if (activation_ == onednn::Activation::relu) backward_relu(output.flat(), output_gradient.flat());
  sum_rows(output_gradient, bias_.in(parameter_gradient).flat());
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
