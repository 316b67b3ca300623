#pragma once

#include <span>

#include "tensor/matrix_view.hpp"

namespace gemel::tensor {

/// sum[i] += term[i]. Same length.
void add_into(std::span<float> sum, std::span<const float> term);

/// result[i] = a[i] + b[i]. Same length; result may be a or b.
void add(std::span<const float> a, std::span<const float> b, std::span<float> result);

/// sum[i] += factor * term[i]. Same length.
void add_scaled(std::span<float> sum, float factor, std::span<const float> term);

/// result[i] = factor * values[i]. Same length.
void scale(std::span<const float> values, float factor, std::span<float> result);

/// values[i] *= factors[i]. Same length.
void multiply(std::span<float> values, std::span<const float> factors);

/// gradient[i] = 0 where output[i], which relu gave, is 0. Same length.
void backward_relu(std::span<const float> output, std::span<float> gradient);

/// sums [cols] = the sum over the rows of `matrix` [rows, cols], in row order.
void sum_rows(ConstMatrixView matrix, std::span<float> sums);

/// The sum of a[i] * b[i]. Same length. Its order is fixed: it depends on the length alone.
float dot(std::span<const float> a, std::span<const float> b);

/// The sum of the squares, in double. Its order is fixed: it depends on the length alone.
double sum_of_squares(std::span<const float> values);

/// Whether every value is a number, and a finite one.
bool all_finite(std::span<const float> values);

}  // namespace gemel::tensor
