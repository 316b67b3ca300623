#include "model/unit_rows.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/vectorize.hpp"
#include "tensor/arithmetic.hpp"

namespace gemel::model {
namespace {

const auto largest_factor = static_cast<float>(1.0 / std::sqrt(least_squared_length));

/// In an order that depends on the length alone.
GEMEL_VECTORIZE
float dot(std::span<const float> a, std::span<const float> b) {
  constexpr std::size_t width = 8;  // sums that run side by side, in one vector register
  float sums[width] = {};
  const std::size_t whole = a.size() / width * width;
  for (std::size_t i = 0; i < whole; i += width) {
    for (std::size_t j = 0; j < width; ++j) sums[j] += a[i + j] * b[i + j];
  }
  for (std::size_t i = whole; i < a.size(); ++i) sums[i - whole] += a[i] * b[i];
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

}  // namespace

void normalize_rows(tensor::MatrixView matrix, std::vector<float>& factors) {
  factors.resize(matrix.rows());
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    const std::span<float> row = matrix.row(i);
    const double squared_length = std::max(tensor::sum_of_squares(row), least_squared_length);
    factors[i] = static_cast<float>(1.0 / std::sqrt(squared_length));
    tensor::scale(row, factors[i], row);
  }
}

void backward_normalize_rows(tensor::ConstMatrixView unit, const std::vector<float>& factors,
                             tensor::MatrixView gradient) {
  for (std::size_t i = 0; i < gradient.rows(); ++i) {
    const std::span<float> row = gradient.row(i);
    if (factors[i] < largest_factor) tensor::add_scaled(row, -dot(row, unit.row(i)), unit.row(i));
    tensor::scale(row, factors[i], row);
  }
}

}  // namespace gemel::model
