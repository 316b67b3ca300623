#include "tensor/arithmetic.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/vectorize.hpp"

namespace gemel::tensor {

GEMEL_VECTORIZE
void add_into(std::span<float> sum, std::span<const float> term) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += term[i];
}

GEMEL_VECTORIZE
void add(std::span<const float> a, std::span<const float> b, std::span<float> result) {
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = a[i] + b[i];
}

GEMEL_VECTORIZE
void add_scaled(std::span<float> sum, float factor, std::span<const float> term) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += factor * term[i];
}

GEMEL_VECTORIZE
void scale(std::span<const float> values, float factor, std::span<float> result) {
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = factor * values[i];
}

GEMEL_VECTORIZE
void multiply(std::span<float> values, std::span<const float> factors) {
  for (std::size_t i = 0; i < values.size(); ++i) values[i] *= factors[i];
}

GEMEL_VECTORIZE
void backward_relu(std::span<const float> output, std::span<float> gradient) {
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] = output[i] > 0.0F ? gradient[i] : 0.0F;
}

GEMEL_VECTORIZE
void sum_rows(ConstMatrixView matrix, std::span<float> sums) {
  std::fill(sums.begin(), sums.end(), 0.0F);
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    const std::span<const float> values = matrix.row(row);
    for (std::size_t col = 0; col < sums.size(); ++col) sums[col] += values[col];
  }
}

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

GEMEL_VECTORIZE
double sum_of_squares(std::span<const float> values) {
  constexpr std::size_t width = 8;  // sums that run side by side, in one vector register
  double sums[width] = {};
  const std::size_t whole = values.size() / width * width;
  for (std::size_t i = 0; i < whole; i += width) {
    for (std::size_t j = 0; j < width; ++j) {
      const auto value = static_cast<double>(values[i + j]);
      sums[j] += value * value;  // the product is exact
    }
  }
  for (std::size_t i = whole; i < values.size(); ++i) {
    const auto value = static_cast<double>(values[i]);
    sums[i - whole] += value * value;
  }
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

GEMEL_VECTORIZE
bool all_finite(std::span<const float> values) {
  constexpr std::uint32_t exponent = 0x7f800000;  // all of it is set in an infinity and in what is no number
  std::uint32_t largest = 0;
  for (const float value : values)
    largest = std::max(largest, std::bit_cast<std::uint32_t>(value) & exponent);
  return largest != exponent;
}

}  // namespace gemel::tensor
