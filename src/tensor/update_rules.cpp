#include "tensor/update_rules.hpp"

#include <cmath>
#include <cstdint>

#include "base/vectorize.hpp"
#include "tensor/arithmetic.hpp"

namespace gemel::tensor {
namespace {

GEMEL_VECTORIZE
void adagrad(float epsilon, const StepFactors& factors, std::span<float> weights,
             std::span<const float> gradient, std::span<float> accumulators) {
  const auto [rate, scale] = factors;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const float g = scale * gradient[i];
    accumulators[i] += g * g;
    weights[i] -= rate * g / std::sqrt(accumulators[i] + epsilon);
  }
}

void rowwise_adagrad(float epsilon, const StepFactors& factors, std::span<float> weights,
                     std::span<const float> gradient, float& accumulator) {
  const auto scale = static_cast<double>(factors.gradient_scale);
  const double mean_square =
      scale * scale * tensor::sum_of_squares(gradient) / static_cast<double>(gradient.size());
  accumulator += static_cast<float>(mean_square);
  const float step = factors.rate * factors.gradient_scale / std::sqrt(accumulator + epsilon);
  tensor::add_scaled(weights, -step, gradient);
}

GEMEL_VECTORIZE
void adam(const OptimizerOptions& options, const StepFactors& factors, std::span<float> weights,
          std::span<const float> gradient, std::span<float> first_moments, std::span<float> second_moments) {
  const auto [rate, scale] = factors;
  const float new_share_1 = 1.0F - options.beta_1;
  const float new_share_2 = 1.0F - options.beta_2;
  const float epsilon = options.epsilon;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const float g = scale * gradient[i];
    first_moments[i] += (g - first_moments[i]) * new_share_1;
    second_moments[i] += (g * g - second_moments[i]) * new_share_2;
    weights[i] -= rate * first_moments[i] / (std::sqrt(second_moments[i]) + epsilon);
  }
}

GEMEL_VECTORIZE
void momentum_descent(float momentum, const StepFactors& factors, std::span<float> weights,
                      std::span<const float> gradient, std::span<float> velocities) {
  const float step = factors.rate * factors.gradient_scale;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    velocities[i] = momentum * velocities[i] - step * gradient[i];
    weights[i] += velocities[i];
  }
}

}  // namespace

void update(const OptimizerOptions& options, const StepFactors& factors, std::span<float> weights,
            std::span<const float> gradient, const Slots& slots) {
  switch (options.kind) {
    case OptimizerKind::rowwise_adagrad:
      if (slots[0].size() != weights.size()) {
        rowwise_adagrad(options.epsilon, factors, weights, gradient, slots[0].front());
        break;
      }
      [[fallthrough]];  // of dense parameters, or of rows of one weight, which is the same
    case OptimizerKind::adagrad:
      adagrad(options.epsilon, factors, weights, gradient, slots[0]);
      break;
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      adam(options, factors, weights, gradient, slots[0], slots[1]);
      break;
    case OptimizerKind::sgd:
      if (options.momentum > 0) {
        momentum_descent(options.momentum, factors, weights, gradient, slots[0]);
      } else {
        tensor::add_scaled(weights, -factors.rate * factors.gradient_scale, gradient);
      }
      break;
    case OptimizerKind::als:  // has no gradients
      break;
  }
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
