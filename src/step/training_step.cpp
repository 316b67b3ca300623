#include "step/training_step.hpp"

#include "step/step_order.hpp"

namespace gemel::step {

std::uint32_t TrainingStep::run(std::int64_t batch, std::uint32_t flags, std::span<double> lane_losses) {
  std::uint32_t all_flags = batches_.advance_to(batch, flags);
  all_flags |= run_in_order(batches_, passes_, update_, flags);
  passes_.add_losses(lane_losses);
  return all_flags;
}

}  // namespace gemel::step
