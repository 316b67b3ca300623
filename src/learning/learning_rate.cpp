#include "learning/learning_rate.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gemel::learning {
namespace {

double share_of_peak(const LearningRateOptions& options, std::int64_t step) {
  if (options.schedule == ScheduleKind::constant) return 1.0;
  const std::int64_t warmup = options.warmup_steps;
  if (step < warmup) return static_cast<double>(step + 1) / static_cast<double>(warmup);
  if (options.schedule == ScheduleKind::inverse_sqrt) {
    return std::sqrt(static_cast<double>(std::max<std::int64_t>(warmup, 1)) / static_cast<double>(step + 1));
  }
  const std::int64_t length = std::max<std::int64_t>(options.total_steps - warmup, 1);
  const double progress = std::min(static_cast<double>(step - warmup) / static_cast<double>(length), 1.0);
  const auto end = static_cast<double>(options.final_share);
  return end + (1.0 - end) * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
}

}  // namespace

float learning_rate(const OptimizerOptions& options, std::int64_t step) {
  return static_cast<float>(static_cast<double>(options.peak_rate()) *
                            share_of_peak(options.learning_rate, step));
}

}  // namespace gemel::learning
