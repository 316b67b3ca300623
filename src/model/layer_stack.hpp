#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/layer.hpp"
#include "tensor/matrix.hpp"

namespace gemel::model {

/// Layers one after the other, from rows [rows, inputs()] to rows [rows, outputs()]; without any, the rows as they are.
class LayerStack {
 public:
  /// What one lane of a step leaves between forward and backward. Memory is kept from step to step.
  struct Activations {
    std::vector<tensor::Matrix>
        values;  ///< the input, and what layers wrote to elsewhere than their input, but the last
    std::vector<tensor::Matrix> gradients;  ///< with respect to these
    std::vector<tensor::Matrix> kept;       ///< by each layer

    tensor::MatrixView input() { return values.front().view(); }
    tensor::ConstMatrixView input_gradient() const { return gradients.front().view(); }
  };

  explicit LayerStack(std::size_t inputs) : widths_{inputs} {}

  /// Its inputs must be our outputs; it may not work in place behind a layer that needs its output.
  void add(std::unique_ptr<const Layer> layer);

  std::size_t inputs() const { return widths_.front(); }
  std::size_t outputs() const { return widths_.back(); }
  const std::vector<std::unique_ptr<const Layer>>& layers() const { return layers_; }
  /// Whether any layer needs ForwardPass::draw in training.
  bool drops() const;

  /// Of Activations, for so many rows.
  std::size_t activation_bytes(std::size_t rows) const;
  /// Floating-point operations of all matrix products: two for each multiply-add.
  std::int64_t forward_flops(std::size_t rows) const;
  std::int64_t backward_flops(std::size_t rows) const;

  /// Makes activations.input() [rows, inputs()], to be filled in. The first call of a step.
  void begin(std::size_t rows, Activations& activations) const;
  /// From activations.input(), which it may overwrite, to `result` [rows, outputs()].
  void forward(const ForwardPass& pass, Activations& activations, tensor::MatrixView result) const;
  /// Given the gradient with respect to `result` [rows, outputs()], which it may overwrite, writes those of all layers' parameters to
  /// their places, and makes activations.input_gradient() [rows, inputs()].
  void backward(const BackwardPass& pass, Activations& activations, tensor::ConstMatrixView result,
                tensor::MatrixView result_gradient) const;

 private:
  /// Layers that do not work in place. What number i of them reads is Activations::values[i].
  std::size_t stages() const { return widths_.size() - 1; }

  std::vector<std::unique_ptr<const Layer>> layers_;
  std::vector<std::size_t> widths_;  // of the input, then of what each stage writes
};

}  // namespace gemel::model
