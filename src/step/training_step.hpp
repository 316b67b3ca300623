#pragma once

#include <cstdint>
#include <span>

#include "step/batch_pipeline.hpp"
#include "step/lane_passes.hpp"
#include "step/model_update.hpp"
#include "step/step_parts.hpp"

namespace gemel::step {

/// One step of training on a global batch, the same on every rank (src/README.md). Owns the memory that a step needs and
/// keeps it from step to step.
class TrainingStep {
 public:
  explicit TrainingStep(const StepParts& parts)
      : batches_(parts), passes_(parts, batches_), update_(parts, batches_, passes_.gradients()) {}
  TrainingStep(const TrainingStep&) = delete;
  TrainingStep& operator=(const TrainingStep&) = delete;

  /// Trains batch `batch` of the epoch that was dealt, and prepares the one after it, which must come next. Adds each own lane's
  /// loss to lane_losses[lane] (counted from the first own lane). With the items of the batch that is prepared travels one word of
  /// flags: returns the bitwise or of all ranks' `flags`, or 0 when no batch was left to prepare. Collective.
  std::uint32_t run(std::int64_t batch, std::uint32_t flags, std::span<double> lane_losses);

  /// The norm of the gradient of all parameters together, before it was clipped, of the last step; the same on every rank. Not finite
  /// when an element is not. 0 when gradients are not clipped.
  double gradient_norm() const { return update_.gradient_norm(); }

 private:
  // Each waits in its destructor for what it has under way, which may lie in those before it.
  BatchPipeline batches_;
  LanePasses passes_;
  ModelUpdate update_;
};

}  // namespace gemel::step
