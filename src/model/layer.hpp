#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/layer_visitor.hpp"
#include "model/parameter.hpp"
#include "onednn/runtime.hpp"
#include "tensor/matrix.hpp"

namespace gemel::model {

/// Which rows of what step a tower drops from. All that is dropped is a function of (seed, place in the model, step, number of the
/// row, column), so it depends on no rank, lane or thread.
struct DropoutDraw {
  std::int64_t step = 0;
  /// Of each row: a query's place in the global batch, a candidate's row of the catalogue.
  std::span<const std::int32_t> numbers;
};

/// What layers compute with, forward.
struct ForwardPass {
  std::span<const float> parameters;  ///< all dense parameters of the model
  onednn::Executor& executor;
  const DropoutDraw* draw = nullptr;  ///< null outside of training, where nothing is dropped
};

/// What layers compute with, backward.
struct BackwardPass {
  std::span<const float> parameters;
  std::span<float> parameter_gradient;  ///< laid out like the parameters
  onednn::Executor& executor;
};

/// One layer of a tower: a function of rows [rows, inputs()] to rows [rows, outputs()], its gradient, and what both of them take. It
/// holds no values: parameters lie in one buffer for the whole model, activations with the lane that computes them. So layers are
/// shared by threads, and those of a model that is too large for this machine can be asked what they would need.
class Layer {
 public:
  virtual ~Layer() = default;

  virtual std::size_t inputs() const = 0;
  virtual std::size_t outputs() const = 0;
  /// Whether the output takes the place of the input, and the input's gradient that of the output's. Such a layer must not turn
  /// signs: a dense layer before it knows by them where its ReLU was active. (Where it sets values to 0, their gradient must be 0.)
  virtual bool works_in_place() const { return false; }
  /// Whether `backward` reads its output, and more of it than signs: then no layer that works in place may follow.
  virtual bool needs_output() const { return false; }
  /// Whether it needs ForwardPass::draw in training.
  virtual bool drops() const { return false; }

  /// Its parameters, with their names and shapes.
  virtual std::span<const DenseLayout::Place> parameters() const { return {}; }
  /// Floats that it keeps of each row between forward and backward, besides input and output.
  virtual std::size_t kept_width() const { return 0; }
  /// Floating-point operations of its matrix products: two for each multiply-add.
  virtual std::int64_t forward_flops(std::size_t /*rows*/) const { return 0; }
  virtual std::int64_t backward_flops(std::size_t /*rows*/) const { return 0; }

  /// Tells what it computes outside of training.
  virtual void accept(LayerVisitor& visitor) const = 0;

  /// input [rows, inputs()] -> output [rows, outputs()]. What `backward` is going to need besides them goes to `kept`, whose memory
  /// stays from step to step.
  virtual void forward(const ForwardPass& pass, tensor::ConstMatrixView input, tensor::MatrixView output,
                       tensor::Matrix& kept) const = 0;
  /// Given `output_gradient` [rows, outputs()] with respect to `output`, which it may overwrite, writes the gradients of all of its
  /// parameters to their places, and that of the input to `input_gradient` [rows, inputs()]. `kept` is what `forward` left.
  virtual void backward(const BackwardPass& pass, tensor::ConstMatrixView input,
                        tensor::ConstMatrixView output, tensor::MatrixView output_gradient,
                        tensor::MatrixView input_gradient, const tensor::Matrix& kept) const = 0;
};

}  // namespace gemel::model
