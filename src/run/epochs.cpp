#include "run/epochs.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "base/stop_signals.hpp"

namespace gemel::run {
namespace {

using Clock = std::chrono::steady_clock;

/// Words that ranks tell each other at every step.
constexpr std::uint32_t stop_flag = 1;      // a signal asks this rank to stop
constexpr std::uint32_t diverged_flag = 2;  // a lane's loss, or what a step updated, is not finite
constexpr std::uint32_t save_flag = 4;      // a signal asks this rank for a checkpoint
constexpr std::uint32_t writing_flag = 8;   // this rank writes its part of a checkpoint

std::uint32_t flags_of(std::span<const double> lane_losses, const learning::Optimizer& optimizer) {
  const bool are_finite = optimizer.first_step_not_finite() == 0 &&
                          std::ranges::all_of(lane_losses, [](double loss) { return std::isfinite(loss); });
  return (base::StopSignals::asks_to_stop() ? stop_flag : 0) |
         (base::StopSignals::asks_for_checkpoint() ? save_flag : 0) | (are_finite ? 0 : diverged_flag);
}

}  // namespace

Epochs::End Epochs::train(step::TrainingState& state, const std::function<void()>& between_steps) {
  auto start = Clock::now();
  {
    const auto timing = reporter_.timer().measure(metering::Phase::deal);
    const auto counting = reporter_.traffic().measure(metering::Traffic::deal);
    learner_.begin_epoch(state.epoch);
  }
  End end = End::finished;
  while (end == End::finished && state.step_in_epoch < learner_.steps_per_epoch()) {
    end = run_step(state);
    if (end == End::diverged) return end;
    const auto pause = Clock::now();
    if (state.step_in_epoch < learner_.steps_per_epoch()) between_steps();
    start += Clock::now() - pause;
  }
  reporter_.training_took(std::chrono::duration<double>(Clock::now() - start).count());
  return end;
}

Epochs::End Epochs::run_step(step::TrainingState& state) {
  reporter_.begin_step(state.step + 1);
  const std::span<double> losses = own_lane_losses(state);
  const std::uint32_t own_flags = flags_of(losses, learner_.optimizer) | (is_writing_() ? writing_flag : 0);
  const std::uint32_t flags = learner_.run_step(state.step_in_epoch, own_flags, losses);
  is_any_writing_ = (flags & writing_flag) != 0;
  ++state.step_in_epoch;
  ++state.step;
  if ((flags & diverged_flag) != 0 || !std::isfinite(learner_.step.gradient_norm())) return End::diverged;
  reporter_.step(state);
  is_asked_to_save_ = (flags & save_flag) != 0;
  return (flags & stop_flag) != 0 ? End::stopped : End::finished;
}

std::span<double> Epochs::own_lane_losses(step::TrainingState& state) const {
  const exchange::LaneRange own = learner_.layout.lanes;
  return std::span(state.lane_losses)
      .subspan(static_cast<std::size_t>(own.first), static_cast<std::size_t>(own.size()));
}

void Epochs::gather_lane_losses(step::TrainingState& state) {
  const std::span<const double> own = own_lane_losses(state);
  state.lane_losses = communicator_.all_gather_varying(own);
}

std::int64_t Epochs::first_step_not_finite() {
  constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  const std::int64_t own = learner_.optimizer.first_step_not_finite();
  const std::int64_t first = communicator_.min(own == 0 ? never : own);
  return first == never ? 0 : first;
}

double Epochs::mean_loss(step::TrainingState& state, std::int64_t examples) {
  gather_lane_losses(state);
  return learner_.layout.tree.sum(state.lane_losses) / static_cast<double>(examples);
}

}  // namespace gemel::run
