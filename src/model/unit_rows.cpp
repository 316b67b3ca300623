#include "model/unit_rows.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "tensor/arithmetic.hpp"

namespace gemel::model {
namespace {

const auto largest_factor = static_cast<float>(1.0 / std::sqrt(least_squared_length));

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
    if (factors[i] < largest_factor) tensor::add_scaled(row, -tensor::dot(row, unit.row(i)), unit.row(i));
    tensor::scale(row, factors[i], row);
  }
}

}  // namespace gemel::model
