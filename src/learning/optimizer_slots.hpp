#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gemel/options.hpp"
#include "tensor/update_rules.hpp"

namespace gemel::learning {

/// State that an optimiser keeps beside the parameters: one number for each weight, or one for each row of a table.
struct SlotKind {
  std::string name;  ///< in checkpoints
  float initial = 0.0F;
  bool is_per_row = false;  ///< of tables; dense parameters have one number for each weight all the same
};

/// The slots of an optimiser, at most two, in the order in which `update` takes them.
std::vector<SlotKind> slot_kinds(const OptimizerOptions& options);

/// `steps` is the number of finished steps.
tensor::StepFactors step_factors(const OptimizerOptions& options, std::int64_t steps, float gradient_scale);

}  // namespace gemel::learning
