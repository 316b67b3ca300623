#include "model/unit_rows.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/lanes.hpp"
#include "tensor/matrix.hpp"

namespace gemel::model {
namespace {

constexpr std::size_t rows = 3;
constexpr std::size_t cols = 13;  // no multiple of a register

tensor::Matrix numbers(std::uint64_t stream) {
  tensor::Matrix matrix(rows, cols);
  for (std::size_t i = 0; i < matrix.size(); ++i) matrix.data()[i] = test::number(stream, i);
  return matrix;
}

void forward(tensor::Matrix& values, tensor::Matrix& kept) {
  onednn::Executor executor;
  UnitRows(cols).forward({{}, executor}, values.view(), values.view(), kept);
}

void backward(const tensor::Matrix& unit, const tensor::Matrix& kept, tensor::Matrix& gradient) {
  onednn::Executor executor;
  UnitRows(cols).backward({{}, {}, executor}, {}, unit.view(), gradient.view(), gradient.view(), kept);
}

/// sum of weights * the normalised values, of one row of doubles.
double weighted_sum(const std::vector<double>& row, std::span<const float> weights) {
  double squared = 0;
  double sum = 0;
  for (const double value : row) squared += value * value;
  for (std::size_t i = 0; i < row.size(); ++i) sum += static_cast<double>(weights[i]) * row[i];
  return sum / std::sqrt(std::fmax(squared, 1e-12));
}

TEST(UnitRowsTest, HaveLengthOneAndTheGradientOfTheFormula) {
  const tensor::Matrix raw = numbers(1);
  const tensor::Matrix weights = numbers(2);
  tensor::Matrix unit = numbers(1);
  tensor::Matrix gradient = numbers(2);
  tensor::Matrix kept;
  forward(unit, kept);
  backward(unit, kept, gradient);
  for (std::size_t row = 0; row < rows; ++row) {
    std::vector<double> values(raw.row(row).begin(), raw.row(row).end());
    double squared = 0;
    for (const float value : unit.row(row))
      squared += static_cast<double>(value) * static_cast<double>(value);
    EXPECT_NEAR(squared, 1.0, 1e-6);
    for (std::size_t col = 0; col < cols; ++col) {
      constexpr double h = 1e-5;
      const double value = values[col];
      values[col] = value + h;
      const double above = weighted_sum(values, weights.row(row));
      values[col] = value - h;
      const double below = weighted_sum(values, weights.row(row));
      values[col] = value;
      EXPECT_NEAR(gradient(row, col), (above - below) / (2 * h), 1e-6);
    }
  }
}

TEST(UnitRowsTest, ZerosStayZerosAndShortRowsGrowByAMillion) {
  tensor::Matrix matrix(2, cols);
  matrix(1, 3) = 1e-7F;
  tensor::Matrix gradient(2, cols);
  gradient(0, 0) = gradient(1, 3) = 2.0F;
  tensor::Matrix kept;
  forward(matrix, kept);
  EXPECT_EQ(matrix(0, 0), 0.0F);
  EXPECT_NEAR(matrix(1, 3), 0.1F, 1e-7);
  backward(matrix, kept, gradient);
  EXPECT_NEAR(gradient(0, 0), 2e6F, 1.0);
  EXPECT_NEAR(gradient(1, 3), 2e6F, 1.0);  // the factor does not depend on the row
}

}  // namespace
}  // namespace gemel::model
