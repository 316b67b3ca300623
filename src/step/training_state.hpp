#pragma once

#include <cstdint>
#include <vector>

namespace gemel::step {

/// What happened in one finished epoch.
struct EpochRecord {
  std::int64_t epoch = 0;  ///< 1 is the first
  std::int64_t step = 0;   ///< steps since the start of training
  double loss = 0;         ///< mean per example
  /// What was measured, in the order of make_metrics; not numbers where it was not.
  std::vector<double> metrics;
};

/// How far training has come: with the parameters and the optimiser's slots, all that the next step depends on.
struct TrainingState {
  std::int64_t epoch = 0;          ///< finished epochs
  std::int64_t step = 0;           ///< finished steps since the start of training
  std::int64_t step_in_epoch = 0;  ///< finished steps of the epoch that is under way
  /// Loss of the epoch that is under way, by lane: [lanes].
  std::vector<double> lane_losses;
  std::vector<EpochRecord> history;
  /// Epochs up to this one were evaluated on other data, or otherwise, than those after it: they cannot be compared, and the best
  /// epoch is one of those after it. Checkpoints of up to there may have fewer rows.
  std::int64_t compared_after = 0;
};

}  // namespace gemel::step
