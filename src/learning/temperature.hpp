#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "gemel/options.hpp"
#include "model/parameter.hpp"
#include "tensor/matrix_view.hpp"

namespace gemel::learning {

/// By what logits are divided: a constant, or the exponential of a dense parameter of the model (as CLIP learns its logit scale;
/// Radford et al., ICML 2021), which is updated, clipped and decayed like all of them.
class Temperature {
 public:
  /// A learned one is the model's parameter model::log_temperature.
  Temperature(const LossOptions& options, const model::DenseLayout& dense);

  /// 1 / temperature, with the dense parameters as they are.
  float inverse(std::span<const float> dense) const;

  /// Writes the gradient of a learned one, laid out like the dense parameters. With x = q . c / temperature,
  ///   d loss / d log temperature = -sum_ij (d loss / d x_ij) x_ij = -sum_i q_i . (d loss / d q_i),
  /// so it takes queries and query_gradient [rows, d] and nothing of the size of the logits.
  void write_gradient(tensor::ConstMatrixView queries, tensor::ConstMatrixView query_gradient,
                      std::span<float> dense_gradient) const;

 private:
  float fixed_;
  std::optional<std::size_t> place_;  // in the dense parameters, of the logarithm
};

}  // namespace gemel::learning
