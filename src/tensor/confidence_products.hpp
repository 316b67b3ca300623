#pragma once

#include <cstddef>
#include <span>

namespace gemel::tensor {

/// Vectors y_k [dim], each with the confidence c_k that it belongs to a row: terms of the row's least-squares system.
struct ConfidentVectors {
  std::span<const float* const> vectors;
  std::span<const float> confidences;  ///< as many
};

/// sum += sum over k of (c_k - (c_k - 1) (y_k . x)) y_k; returns the sum over k of c_k (y_k . x). The order of every sum is fixed: it
/// depends on dim = x.size() and the number of vectors alone. `sum` [dim] must not overlap the others.
float add_residual(const ConfidentVectors& terms, std::span<const float> x, std::span<float> sum);

/// sum += sum over k of (c_k - 1) (y_k . p) y_k, likewise.
void add_product(const ConfidentVectors& terms, std::span<const float> p, std::span<float> sum);

}  // namespace gemel::tensor
