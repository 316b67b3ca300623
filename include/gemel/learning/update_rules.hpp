#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gemel/learning/options.hpp"

namespace gemel::learning {

/// State that an optimiser keeps beside the parameters: one number for each weight, or one for each row of a table.
struct SlotKind {
  std::string name;  ///< in checkpoints
  float initial = 0.0F;
  bool is_per_row = false;  ///< of tables; dense parameters have one number for each weight all the same
};

/// The slots of an optimiser, at most two, in the order in which `update` takes them.
std::vector<SlotKind> slot_kinds(const OptimizerOptions& options);

/// What an update rule needs to know of one step.
struct StepFactors {
  float rate = 0;            ///< the learning rate; of Adam with its correction of the moments' bias
  float gradient_scale = 1;  ///< by which gradients are multiplied first
};

/// `steps` is the number of finished steps.
StepFactors step_factors(const OptimizerOptions& options, std::int64_t steps, float gradient_scale);

/// The slots of some weights; unused ones are empty.
using Slots = std::array<std::span<float>, 2>;

/// Updates dense parameters, or one row of a table: weights, gradient and slots of the same length, but a slot per row of length 1.
void update(const OptimizerOptions& options, const StepFactors& factors, std::span<float> weights,
            std::span<const float> gradient, const Slots& slots);

/// Multiplies the weights by every factor, one after the other, so that they have the same bits whether this is done step by step or
/// at once.
void decay(std::span<float> weights, std::span<const float> factors);

/// averages[i] += share * (weights[i] - averages[i]). Returns whether any of them changed: when none did, none ever will while the
/// weights stay.
bool approach(std::span<float> averages, std::span<const float> weights, float share);

}  // namespace gemel::learning
