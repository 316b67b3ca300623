#pragma once

#include "model/parameter.hpp"
#include "onednn/runtime.hpp"

namespace gemel::model {

/// Is told by a layer what it computes outside of training, for those who write that down for other programs. A layer that does nothing
/// there calls none of these.
class LayerVisitor {
 public:
  virtual ~LayerVisitor() = default;

  /// activation(input * kernel + bias); these are places among the model's dense parameters.
  virtual void dense(const DenseLayout::Place& kernel, const DenseLayout::Place& bias,
                     onednn::Activation activation) = 0;
  /// x / sqrt(max(|x|^2, least_squared_length)) of every row x.
  virtual void unit_rows(double least_squared_length) = 0;
};

}  // namespace gemel::model
