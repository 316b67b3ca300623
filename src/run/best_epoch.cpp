#include "run/best_epoch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.hpp"

namespace gemel::run {

BestEpoch::BestEpoch(std::string monitor, const std::vector<Metric>& metrics) : monitor_(std::move(monitor)) {
  if (!monitor_.empty() && monitor_ != monitored_loss) metric_ = find_monitored(monitor_, metrics);
}

bool BestEpoch::watch(const step::EpochRecord& record) {
  if (monitor_.empty()) return false;
  const bool is_loss = monitor_ == monitored_loss;
  const double value = is_loss ? record.loss : record.metrics[metric_];
  if (!std::isfinite(value)) return false;
  const bool is_better = !best_ || (is_loss ? value < best_->value : value > best_->value);
  since_best_ = is_better ? 0 : since_best_ + 1;
  if (is_better) best_ = Best{value, record.epoch, record.step};
  return is_better;
}

}  // namespace gemel::run
