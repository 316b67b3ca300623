#include "tensor/softmax_kernel.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/vectorize.hpp"

namespace gemel::tensor {
namespace {

// A row is walked through in blocks of as many floats as two registers of AVX-512 hold, four of AVX2 or eight of SSE, in plain loops
// that the compiler makes instructions of each of them (vector types of 64 bytes it compares one by one, but for AVX-512: a seventh
// of the speed). The order of every sum is the same on all of them.
constexpr std::size_t block = 32;
static_assert(softmax_row_multiple % block == 0);
using Block = std::array<float, block>;

/// The larger one; `second` if one of them is a NaN.
[[gnu::always_inline]] inline float larger(float first, float second) {
  return first > second ? first : second;
}

/// Combines the two halves of a block, then the halves of what is left, and so on.
template <class Combine>
[[gnu::always_inline]] inline float fold(Block& values, const Combine& combine) {
  for (std::size_t half = block / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) values[i] = combine(values[i], values[i + half]);
  }
  return values[0];
}

/// exp(x) for x <= 0: 2^n * exp(r) with x = n * ln 2 + r, |r| <= ln 2 / 2.
[[gnu::always_inline]] inline float exponential(float x) {
  constexpr float smallest = -87.3F;    // below, the result would not be a normal number: it becomes 0
  constexpr float rounder = 0x1.8p23F;  // adding it leaves the nearest integer in the low bits
  const float shifted = x * 1.44269504088896341F + rounder;
  const float n = shifted - rounder;
  const float r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  float p = r * 1.9875691500e-4F + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  const auto bits = std::bit_cast<std::uint32_t>(p) + (std::bit_cast<std::uint32_t>(shifted) << 23);
  // A NaN stays one: x >= smallest is false for it, and so is x < smallest.
  const float result = x >= smallest ? std::bit_cast<float>(bits) : p;
  return x < smallest ? 0.0F : result;
}

}  // namespace

GEMEL_VECTORIZE
RowSoftmax exponentiate_row(std::span<float> logits) {
  float* const values = std::assume_aligned<64>(logits.data());
  const std::size_t size = logits.size();
  alignas(64) Block maxima;
  for (std::size_t i = 0; i < block; ++i) maxima[i] = values[i];
  for (std::size_t start = block; start < size; start += block) {
    for (std::size_t i = 0; i < block; ++i) maxima[i] = larger(maxima[i], values[start + i]);
  }
  const float maximum = fold(maxima, larger);

  alignas(64) Block sums = {};
  for (std::size_t start = 0; start < size; start += block) {
    for (std::size_t i = 0; i < block; ++i) values[start + i] = exponential(values[start + i] - maximum);
    for (std::size_t i = 0; i < block; ++i) sums[i] += values[start + i];
  }
  return {maximum, fold(sums, [](float first, float second) { return first + second; })};
}

}  // namespace gemel::tensor
