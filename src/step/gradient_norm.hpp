#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "exchange/row_reduce.hpp"
#include "step/step_parts.hpp"

namespace gemel::step {

/// The norm of the gradient of all parameters together, whose bits do not depend on who holds which rows.
class GradientNorm {
 public:
  explicit GradientNorm(const StepParts& parts);

  /// Of the summed gradients of the tables' rows, and of the dense parameters [dense parameters]; the same on every rank. Not finite
  /// when an element is not. Collective.
  double of(exchange::RowReduce& rows, std::span<const float> dense);

 private:
  StepParts parts_;
  std::vector<std::vector<double>> row_squares_;  // [table][touched row]
  std::vector<double> squares_;                   // all that this rank counts
};

}  // namespace gemel::step
