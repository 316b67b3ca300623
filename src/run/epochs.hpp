#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>

#include "mpi/communicator.hpp"
#include "report/run_reporter.hpp"
#include "step/learner.hpp"
#include "step/training_state.hpp"

namespace gemel::run {

/// Trains epochs, step by step: deals, steps, heeds signals and looks out for losses that are no finite numbers.
class Epochs {
 public:
  enum class End {
    finished,  ///< all steps of the epoch are done
    stopped,   ///< a signal ended it after a step, perhaps the last one
    diverged,  ///< a loss, a gradient, a weight or the optimiser's state is not finite
  };

  /// `is_writing`: whether this rank is busy with writing a checkpoint. The references must outlive the object.
  Epochs(step::Learner& learner, mpi::Communicator& communicator, report::RunReporter& reporter,
         std::function<bool()> is_writing)
      : learner_(learner),
        communicator_(communicator),
        reporter_(reporter),
        is_writing_(std::move(is_writing)) {}

  /// Deals the epoch of `state` and trains the rest of it; calls `between_steps` after every step but the last. Collective.
  End train(step::TrainingState& state, const std::function<void()>& between_steps);

  /// Whether some rank was busy with writing a checkpoint when the last step began. The same on all ranks.
  bool is_any_writing() const { return is_any_writing_; }

  /// The first step after which a weight or the optimiser's state was no finite number on any rank; 0 if there is none. Collective.
  std::int64_t first_step_not_finite();

  /// Whether a signal has asked any rank for a checkpoint by the last step. The same on every rank.
  bool is_asked_to_save() const { return is_asked_to_save_; }

  /// Completes state.lane_losses, of which each rank has its lanes'. Collective.
  void gather_lane_losses(step::TrainingState& state);

  /// The mean loss per example of an epoch whose steps are all done. Collective.
  double mean_loss(step::TrainingState& state, std::int64_t examples);

 private:
  End run_step(step::TrainingState& state);
  std::span<double> own_lane_losses(step::TrainingState& state) const;

  step::Learner& learner_;
  mpi::Communicator& communicator_;
  report::RunReporter& reporter_;
  std::function<bool()> is_writing_;
  bool is_any_writing_ = false;
  bool is_asked_to_save_ = false;
};

}  // namespace gemel::run
