#pragma once

#include <array>
#include <span>

#include "gemel/options.hpp"

namespace gemel::tensor {

/// What an update rule needs to know of one step.
struct StepFactors {
  float rate = 0;            ///< the learning rate; of Adam with its correction of the moments' bias
  float gradient_scale = 1;  ///< by which gradients are multiplied first
};

/// The slots of some weights; unused ones are empty.
using Slots = std::array<std::span<float>, 2>;

/// Updates dense parameters, or one row of a table: weights, gradient and slots of the same length, but a slot per row of length 1.
/// Returns whether weights and slots are finite numbers now: they are not where a gradient, or its square, is none.
bool update(const OptimizerOptions& options, const StepFactors& factors, std::span<float> weights,
            std::span<const float> gradient, const Slots& slots);

/// Multiplies the weights by every factor, one after the other, so that they have the same bits whether this is done step by step or
/// at once.
void decay(std::span<float> weights, std::span<const float> factors);

/// averages[i] += share * (weights[i] - averages[i]). Returns whether any of them changed: when none did, none ever will while the
/// weights stay.
bool approach(std::span<float> averages, std::span<const float> weights, float share);

}  // namespace gemel::tensor
