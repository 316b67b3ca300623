#pragma once

#include <cstddef>

#include "model/layer.hpp"

namespace gemel::model {

/// Scales every row x to x / sqrt(max(|x|^2, 1e-12)), as Keras's UnitNormalization does: a row of zeros stays one.
class UnitRows final : public Layer {
 public:
  static constexpr double least_squared_length = 1e-12;

  explicit UnitRows(std::size_t width) : width_(width) {}

  std::size_t inputs() const override { return width_; }
  std::size_t outputs() const override { return width_; }
  bool works_in_place() const override { return true; }
  bool needs_output() const override { return true; }
  /// The factor of the row.
  std::size_t kept_width() const override { return 1; }
  void accept(LayerVisitor& visitor) const override { visitor.unit_rows(least_squared_length); }

  void forward(const ForwardPass& pass, tensor::ConstMatrixView input, tensor::MatrixView output,
               tensor::Matrix& kept) const override;
  /// With y the row of `output` and g that of its gradient: factor * (g - (g . y) * y); factor * g where the row was too short to
  /// be scaled to length 1.
  void backward(const BackwardPass& pass, tensor::ConstMatrixView input, tensor::ConstMatrixView output,
                tensor::MatrixView output_gradient, tensor::MatrixView input_gradient,
                const tensor::Matrix& kept) const override;

 private:
  std::size_t width_;
};

}  // namespace gemel::model
