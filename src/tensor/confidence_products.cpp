#include "tensor/confidence_products.hpp"

#include <algorithm>

#include "base/vectorize.hpp"

namespace gemel::tensor {
namespace {

constexpr std::size_t width = 32;  // floats side by side: two registers of AVX-512
constexpr std::size_t group = 8;   // vectors whose sums fit into the registers

/// What becomes of a vector y of confidence c with c - 1 = excess and y . x = product: its factor in the sum.
enum class Factor { residual, product };

/// The group's products with x: read once from far, so that the sum finds the vectors in the nearest cache.
template <std::size_t count>
[[gnu::always_inline]] inline void multiply(const float* const* vectors, const float* __restrict x,
                                            std::size_t dim, float* __restrict products) {
  float sums[count][width];
#pragma GCC unroll 8
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t j = 0; j < width; ++j) sums[k][j] = 0;
  }
  const std::size_t whole = dim / width * width;
  for (std::size_t i = 0; i < whole; i += width) {
#pragma GCC unroll 8
    for (std::size_t k = 0; k < count; ++k) {
      for (std::size_t j = 0; j < width; ++j) sums[k][j] += vectors[k][i + j] * x[i + j];
    }
  }
#pragma GCC unroll 8
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t i = whole; i < dim; ++i) sums[k][i - whole] += vectors[k][i] * x[i];
#pragma GCC unroll 8
    for (std::size_t half = width / 2; half > 0; half /= 2) {
      for (std::size_t j = 0; j < half; ++j) sums[k][j] += sums[k][j + half];
    }
    products[k] = sums[k][0];
  }
}

/// Returns what the group adds to the sum of c (y . x).
template <Factor kind, std::size_t count>
[[gnu::always_inline]] inline float add_group(const float* const* vectors, const float* confidences,
                                              const float* __restrict x, std::size_t dim,
                                              float* __restrict sum) {
  float products[count];
  multiply<count>(vectors, x, dim, products);
  float factors[count];
  float weighted = 0;
  for (std::size_t k = 0; k < count; ++k) {
    const float excess = (confidences[k] - 1.0F) * products[k];
    factors[k] = kind == Factor::residual ? confidences[k] - excess : excess;
    weighted += confidences[k] * products[k];
  }
  for (std::size_t i = 0; i < dim; ++i) {
    float value = sum[i];
#pragma GCC unroll 8
    for (std::size_t k = 0; k < count; ++k) value += factors[k] * vectors[k][i];
    sum[i] = value;
  }
  return weighted;
}

/// Has vectors [first, last) on their way to the nearest cache while others are worked on.
[[gnu::always_inline]] inline void prefetch(const float* const* vectors, std::size_t first, std::size_t last,
                                            std::size_t dim) {
  constexpr std::size_t line = 16;  // floats
  for (std::size_t k = first; k < last; ++k) {
    for (std::size_t i = 0; i < dim; i += line) __builtin_prefetch(vectors[k] + i);
  }
}

template <Factor kind>
[[gnu::always_inline]] inline float add_all(const float* const* vectors, const float* confidences,
                                            std::size_t count, const float* x, std::size_t dim, float* sum) {
  float weighted = 0;
  std::size_t k = 0;
  for (; k + group <= count; k += group) {
    prefetch(vectors, k + group, std::min(k + 2 * group, count), dim);
    weighted += add_group<kind, group>(vectors + k, confidences + k, x, dim, sum);
  }
  for (; k < count; ++k) weighted += add_group<kind, 1>(vectors + k, confidences + k, x, dim, sum);
  return weighted;
}

GEMEL_VECTORIZE
float add_residuals(const float* const* vectors, const float* confidences, std::size_t count, const float* x,
                    std::size_t dim, float* sum) {
  return add_all<Factor::residual>(vectors, confidences, count, x, dim, sum);
}

GEMEL_VECTORIZE
float add_products(const float* const* vectors, const float* confidences, std::size_t count, const float* x,
                   std::size_t dim, float* sum) {
  return add_all<Factor::product>(vectors, confidences, count, x, dim, sum);
}

}  // namespace

float add_residual(const ConfidentVectors& terms, std::span<const float> x, std::span<float> sum) {
  return add_residuals(terms.vectors.data(), terms.confidences.data(), terms.vectors.size(), x.data(),
                       x.size(), sum.data());
}

void add_product(const ConfidentVectors& terms, std::span<const float> p, std::span<float> sum) {
  add_products(terms.vectors.data(), terms.confidences.data(), terms.vectors.size(), p.data(), p.size(),
               sum.data());
}

}  // namespace gemel::tensor
