#include "gemel/tensor/arithmetic.hpp"

#include <cstddef>

#include "gemel/base/vectorize.hpp"

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

}  // namespace gemel::tensor
