#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "model/layer.hpp"

namespace gemel::model {

/// Inverted dropout: in training sets a share of the values to 0, drawn anew at each step, and multiplies the others by
/// 1 / (1 - share), so that the expectation stays. The share is rounded to a multiple of 1 / 65536.
class Dropout final : public Layer {
 public:
  /// `name` is its place in the model: "query/dropout_0".
  Dropout(float share, const std::string& name, std::size_t width, std::uint64_t seed);

  std::size_t inputs() const override { return width_; }
  std::size_t outputs() const override { return width_; }
  bool works_in_place() const override { return true; }
  bool drops() const override { return true; }
  /// The factor of every value: 0 or 1 / (1 - share).
  std::size_t kept_width() const override { return width_; }
  void accept(LayerVisitor& /*visitor*/) const override {}

  void forward(const ForwardPass& pass, tensor::ConstMatrixView input, tensor::MatrixView output,
               tensor::Matrix& kept) const override;
  void backward(const BackwardPass& pass, tensor::ConstMatrixView input, tensor::ConstMatrixView output,
                tensor::MatrixView output_gradient, tensor::MatrixView input_gradient,
                const tensor::Matrix& kept) const override;

 private:
  void draw_factors(const DropoutDraw& draw, tensor::MatrixView factors) const;

  std::size_t width_;
  std::uint64_t key_;
  std::uint32_t threshold_;  // of 16 random bits, below which a value is dropped
  float kept_factor_;
};

}  // namespace gemel::model
