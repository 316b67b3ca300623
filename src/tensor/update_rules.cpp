#include "tensor/update_rules.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "base/vectorize.hpp"
#include "tensor/arithmetic.hpp"

namespace gemel::tensor {
namespace {

// Whether values are finite is found in the loops that write them, by the largest of their exponents: it costs two operations on integers
// beside a division and a root.
constexpr std::uint32_t exponent = 0x7f800000;  // all of it is set in an infinity and in what is no number

inline std::uint32_t exponent_of(float value) {
  return std::bit_cast<std::uint32_t>(value) & exponent;
}

GEMEL_VECTORIZE
bool adagrad(float epsilon, const StepFactors& factors, std::span<float> weights,
             std::span<const float> gradient, std::span<float> accumulators) {
  const auto [rate, scale] = factors;
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const float g = scale * gradient[i];
    accumulators[i] += g * g;
    weights[i] -= rate * g / std::sqrt(accumulators[i] + epsilon);
    largest = std::max({largest, exponent_of(accumulators[i]), exponent_of(weights[i])});
  }
  return largest != exponent;
}

bool rowwise_adagrad(float epsilon, const StepFactors& factors, std::span<float> weights,
                     std::span<const float> gradient, float& accumulator) {
  const auto scale = static_cast<double>(factors.gradient_scale);
  const double mean_square =
      scale * scale * tensor::sum_of_squares(gradient) / static_cast<double>(gradient.size());
  accumulator += static_cast<float>(mean_square);
  const float step = factors.rate * factors.gradient_scale / std::sqrt(accumulator + epsilon);
  tensor::add_scaled(weights, -step, gradient);
  return std::isfinite(accumulator) && all_finite(weights);
}

GEMEL_VECTORIZE
bool adam(const OptimizerOptions& options, const StepFactors& factors, std::span<float> weights,
          std::span<const float> gradient, std::span<float> first_moments, std::span<float> second_moments) {
  const auto [rate, scale] = factors;
  const float new_share_1 = 1.0F - options.beta_1;
  const float new_share_2 = 1.0F - options.beta_2;
  const float epsilon = options.epsilon;
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const float g = scale * gradient[i];
    first_moments[i] += (g - first_moments[i]) * new_share_1;
    second_moments[i] += (g * g - second_moments[i]) * new_share_2;
    weights[i] -= rate * first_moments[i] / (std::sqrt(second_moments[i]) + epsilon);
    largest = std::max(
        {largest, exponent_of(first_moments[i]), exponent_of(second_moments[i]), exponent_of(weights[i])});
  }
  return largest != exponent;
}

GEMEL_VECTORIZE
bool momentum_descent(float momentum, const StepFactors& factors, std::span<float> weights,
                      std::span<const float> gradient, std::span<float> velocities) {
  const float step = factors.rate * factors.gradient_scale;
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    velocities[i] = momentum * velocities[i] - step * gradient[i];
    weights[i] += velocities[i];
    largest = std::max({largest, exponent_of(velocities[i]), exponent_of(weights[i])});
  }
  return largest != exponent;
}

}  // namespace

bool update(const OptimizerOptions& options, const StepFactors& factors, std::span<float> weights,
            std::span<const float> gradient, const Slots& slots) {
  switch (options.kind) {
    case OptimizerKind::rowwise_adagrad:
      if (slots[0].size() != weights.size()) {
        return rowwise_adagrad(options.epsilon, factors, weights, gradient, slots[0].front());
      }
      [[fallthrough]];  // of dense parameters, or of rows of one weight, which is the same
    case OptimizerKind::adagrad:
      return adagrad(options.epsilon, factors, weights, gradient, slots[0]);
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      return adam(options, factors, weights, gradient, slots[0], slots[1]);
    case OptimizerKind::sgd:
      if (options.momentum > 0) {
        return momentum_descent(options.momentum, factors, weights, gradient, slots[0]);
      }
      tensor::add_scaled(weights, -factors.rate * factors.gradient_scale, gradient);
      return all_finite(weights);
    case OptimizerKind::als:  // has no gradients
      break;
  }
  return true;
}

GEMEL_VECTORIZE
void decay(std::span<float> weights, std::span<const float> factors) {
  for (const float factor : factors) {
    for (float& weight : weights) weight *= factor;
  }
}

GEMEL_VECTORIZE
bool approach(std::span<float> averages, std::span<const float> weights, float share) {
  std::uint32_t changed = 0;
  for (std::size_t i = 0; i < averages.size(); ++i) {
    const float next = averages[i] + share * (weights[i] - averages[i]);
    changed |= next != averages[i] ? 1U : 0U;
    averages[i] = next;
  }
  return changed != 0;
}

}  // namespace gemel::tensor
