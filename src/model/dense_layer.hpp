#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "model/parameter.hpp"
#include "onednn/runtime.hpp"
#include "tensor/matrix_view.hpp"

namespace gemel::model {

/// A dense layer: output = activation(input * kernel + bias). Its parameters lie in a DenseParameters; it holds their places.
class DenseLayer {
 public:
  /// Adds "<name>/kernel" [inputs, outputs] and "<name>/bias" [1, outputs] to `parameters`.
  DenseLayer(const std::string& name, std::size_t inputs, std::size_t outputs, onednn::Activation activation,
             DenseParameters& parameters, std::uint64_t seed);

  std::size_t inputs() const { return kernel_.rows; }
  std::size_t outputs() const { return kernel_.cols; }

  /// input [rows, inputs] -> output [rows, outputs].
  void forward(std::span<const float> parameters, tensor::ConstMatrixView input, tensor::MatrixView output,
               onednn::Executor& executor) const;

  /// Given `output_gradient` [rows, outputs] with respect to `output`, writes the gradients of kernel and bias to their places
  /// in `parameter_gradient`, and that of the input to `input_gradient` [rows, inputs] unless it is empty. Overwrites
  /// `output_gradient` where the activation was not active.
  void backward(std::span<const float> parameters, tensor::ConstMatrixView input,
                tensor::ConstMatrixView output, tensor::MatrixView output_gradient,
                std::span<float> parameter_gradient, tensor::MatrixView input_gradient,
                onednn::Executor& executor) const;

 private:
  onednn::Activation activation_;
  DenseParameters::Place kernel_;
  DenseParameters::Place bias_;
};

}  // namespace gemel::model
