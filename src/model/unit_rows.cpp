#include "model/unit_rows.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "tensor/arithmetic.hpp"

namespace gemel::model {
namespace {

const auto largest_factor = static_cast<float>(1.0 / std::sqrt(UnitRows::least_squared_length));

}  // namespace

void UnitRows::forward(const ForwardPass& /*pass*/, tensor::ConstMatrixView /*input*/,
                       tensor::MatrixView output, tensor::Matrix& kept) const {
  kept.resize(output.rows(), 1);
  for (std::size_t i = 0; i < output.rows(); ++i) {
    const std::span<float> row = output.row(i);
    const double squared_length = std::max(tensor::sum_of_squares(row), least_squared_length);
    kept(i, 0) = static_cast<float>(1.0 / std::sqrt(squared_length));
    tensor::scale(row, kept(i, 0), row);
  }
}

void UnitRows::backward(const BackwardPass& /*pass*/, tensor::ConstMatrixView /*input*/,
                        tensor::ConstMatrixView output, tensor::MatrixView /*output_gradient*/,
                        tensor::MatrixView input_gradient, const tensor::Matrix& kept) const {
  for (std::size_t i = 0; i < input_gradient.rows(); ++i) {
    const std::span<float> row = input_gradient.row(i);
    const float factor = kept(i, 0);
    if (factor < largest_factor) tensor::add_scaled(row, -tensor::dot(row, output.row(i)), output.row(i));
    tensor::scale(row, factor, row);
  }
}

}  // namespace gemel::model
