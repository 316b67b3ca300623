#pragma once

#include <cstddef>
#include <span>

namespace gemel::tensor {

/// Floats by which the rows given to the kernel must be padded and aligned.
inline constexpr std::size_t softmax_row_multiple = 32;

struct RowSoftmax {
  float maximum = 0;  ///< of the logits
  float sum = 0;      ///< of exp(logit - maximum)
};

/// Replaces each logit of a row by exp(logit - maximum), with a relative error below 2e-7; -infinity gives 0. The row's length is a
/// multiple of softmax_row_multiple and it starts on a cache line. A NaN, or an infinite maximum, makes the sum NaN.
/// Polynomial: Cephes' expf.
RowSoftmax exponentiate_row(std::span<float> logits);

}  // namespace gemel::tensor
