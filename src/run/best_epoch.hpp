#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evaluation/metric.hpp"
#include "step/training_state.hpp"

namespace gemel::run {

/// Watches one value over the evaluations of a run, and remembers the best: the highest of a metric, the lowest of the loss. Among
/// equals the first is the best.
class BestEpoch {
 public:
  struct Best {
    double value = 0;
    std::int64_t epoch = 0;
    std::int64_t step = 0;
  };

  /// `monitor` is monitored_loss or the name of one of `metrics`; empty: nothing is watched. Throws UsageError for anything else.
  BestEpoch(std::string monitor, const std::vector<Metric>& metrics);

  const std::string& monitor() const { return monitor_; }

  /// Looks at an epoch that was evaluated. Returns whether it is the best so far. One whose value is not a number is passed over.
  bool watch(const step::EpochRecord& record);

  /// Nothing before the first evaluation.
  const std::optional<Best>& best() const { return best_; }
  /// Evaluations since the best one.
  std::int64_t evaluations_since_best() const { return since_best_; }

 private:
  std::string monitor_;
  std::size_t metric_ = 0;  // index, unless the loss is watched
  std::optional<Best> best_;
  std::int64_t since_best_ = 0;
};

}  // namespace gemel::run
