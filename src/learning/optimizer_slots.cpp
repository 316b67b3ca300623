#include "learning/optimizer_slots.hpp"

#include <cmath>

#include "learning/learning_rate.hpp"

namespace gemel::learning {

std::vector<SlotKind> slot_kinds(const OptimizerOptions& options) {
  switch (options.kind) {
    case OptimizerKind::adagrad:
      return {{"accumulator", options.initial_accumulator, false}};
    case OptimizerKind::rowwise_adagrad:
      return {{"accumulator", options.initial_accumulator, true}};
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      return {{"first_moment"}, {"second_moment"}};
    case OptimizerKind::sgd:
      if (options.momentum > 0) return {{"momentum"}};
      break;
    case OptimizerKind::als:
      break;
  }
  return {};
}

tensor::StepFactors step_factors(const OptimizerOptions& options, std::int64_t steps, float gradient_scale) {
  const float rate = learning_rate(options, steps);
  if (options.kind != OptimizerKind::adam && options.kind != OptimizerKind::adamw) {
    return {rate, gradient_scale};
  }
  const auto number = static_cast<double>(steps + 1);
  const double lost_1 = std::pow(static_cast<double>(options.beta_1), number);
  const double lost_2 = std::pow(static_cast<double>(options.beta_2), number);
  const double corrected = static_cast<double>(rate) * std::sqrt(1.0 - lost_2) / (1.0 - lost_1);
  return {static_cast<float>(corrected), gradient_scale};
}

}  // namespace gemel::learning
