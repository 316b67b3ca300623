#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "model/layer.hpp"

namespace gemel::model {

/// A dense layer: output = activation(input * kernel + bias).
class DenseLayer final : public Layer {
 public:
  /// Adds "<name>/kernel" [inputs, outputs] and "<name>/bias" [1, outputs] to `dense`.
  DenseLayer(const std::string& name, std::size_t inputs, std::size_t outputs, onednn::Activation activation,
             DenseLayout& dense);

  std::size_t inputs() const override { return kernel().rows; }
  std::size_t outputs() const override { return kernel().cols; }
  std::span<const DenseLayout::Place> parameters() const override { return parameters_; }
  void accept(LayerVisitor& visitor) const override { visitor.dense(kernel(), bias(), activation_); }
  std::int64_t forward_flops(std::size_t rows) const override;
  std::int64_t backward_flops(std::size_t rows) const override { return 2 * forward_flops(rows); }

  void forward(const ForwardPass& pass, tensor::ConstMatrixView input, tensor::MatrixView output,
               tensor::Matrix& kept) const override;
  /// Writes no gradient of an input without columns. Overwrites `output_gradient` where the activation was not active.
  void backward(const BackwardPass& pass, tensor::ConstMatrixView input, tensor::ConstMatrixView output,
                tensor::MatrixView output_gradient, tensor::MatrixView input_gradient,
                const tensor::Matrix& kept) const override;

 private:
  const DenseLayout::Place& kernel() const { return parameters_[0]; }
  const DenseLayout::Place& bias() const { return parameters_[1]; }

  onednn::Activation activation_;
  std::array<DenseLayout::Place, 2> parameters_;
};

}  // namespace gemel::model
