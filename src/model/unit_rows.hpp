#pragma once

#include <vector>

#include "tensor/matrix_view.hpp"

namespace gemel::model {

/// Squared lengths below it count as it, so that a row of zeros stays one; as Keras's UnitNormalization.
inline constexpr double least_squared_length = 1e-12;

/// Scales every row x of `matrix` to x / sqrt(max(|x|^2, 1e-12)), and keeps these factors, one for each row.
void normalize_rows(tensor::MatrixView matrix, std::vector<float>& factors);

/// From the gradient with respect to the normalised rows, in place, that with respect to the rows before:
/// factor * (g - (g . y) * y), y the normalised row; factor * g where the row was too short to be normalised. `unit` and `factors`
/// are what normalize_rows left.
void backward_normalize_rows(tensor::ConstMatrixView unit, const std::vector<float>& factors,
                             tensor::MatrixView gradient);

}  // namespace gemel::model
