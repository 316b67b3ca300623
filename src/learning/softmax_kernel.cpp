#include "gemel/learning/softmax_kernel.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "gemel/base/vectorize.hpp"

namespace gemel::learning {
namespace {

// Sixteen floats as one value. The compiler maps it to one register of AVX-512, two of AVX2 or four of SSE, so the order of every
// sum below is the same on all of them.
using Floats = float __attribute__((vector_size(64)));
using Integers = std::int32_t __attribute__((vector_size(64)));
constexpr std::size_t width = 16;

[[gnu::always_inline]] inline Floats load(const float* values) {
  Floats result;
  std::memcpy(&result, __builtin_assume_aligned(values, 64), sizeof(result));
  return result;
}

[[gnu::always_inline]] inline void store(float* values, Floats floats) {
  std::memcpy(__builtin_assume_aligned(values, 64), &floats, sizeof(floats));
}

[[gnu::always_inline]] inline Floats larger(Floats a, Floats b) {
  return a > b ? a : b;
}

/// exp(x) for x <= 0: 2^n * exp(r) with x = n * ln 2 + r, |r| <= ln 2 / 2.
[[gnu::always_inline]] inline Floats exponential(Floats x) {
  constexpr float smallest = -87.3F;    // below, the result would not be a normal number: it becomes 0
  constexpr float rounder = 0x1.8p23F;  // adding it leaves the nearest integer in the low bits
  const Floats shifted = x * 1.44269504088896341F + rounder;
  const Floats n = shifted - rounder;
  const Floats r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  Floats p = r * 1.9875691500e-4F + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  Integers exponent;
  std::memcpy(&exponent, &shifted, sizeof(exponent));
  Integers bits;
  std::memcpy(&bits, &p, sizeof(bits));
  // A NaN keeps its bits: x >= smallest is false for it, and so is x < smallest.
  bits = (bits + ((exponent << 23) & (x >= smallest))) & ~(x < smallest);
  Floats result;
  std::memcpy(&result, &bits, sizeof(result));
  return result;
}

}  // namespace

GEMEL_VECTORIZE
RowSoftmax exponentiate_row(std::span<float> logits) {
  float* const values = logits.data();
  const std::size_t size = logits.size();
  Floats maxima[2] = {load(values), load(values + width)};
  for (std::size_t i = 2 * width; i < size; i += 2 * width) {
    maxima[0] = larger(maxima[0], load(values + i));
    maxima[1] = larger(maxima[1], load(values + i + width));
  }
  const Floats lane_maxima = larger(maxima[0], maxima[1]);
  float maximum = lane_maxima[0];
  for (std::size_t lane = 1; lane < width; ++lane)
    maximum = lane_maxima[lane] > maximum ? lane_maxima[lane] : maximum;

  Floats sums[2] = {Floats{}, Floats{}};
  for (std::size_t i = 0; i < size; i += 2 * width) {
    const Floats first = exponential(load(values + i) - maximum);
    const Floats second = exponential(load(values + i + width) - maximum);
    store(values + i, first);
    store(values + i + width, second);
    sums[0] += first;
    sums[1] += second;
  }
  const Floats lane_sums = sums[0] + sums[1];
  float sum = 0;
  for (std::size_t lane = 0; lane < width; ++lane) sum += lane_sums[lane];
  return {maximum, sum};
}

}  // namespace gemel::learning
