#include "gemel/training/best_epoch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "gemel/base/error.hpp"

namespace gemel::training {

BestEpoch::BestEpoch(std::string monitor, const std::vector<evaluation::Metric>& metrics)
    : monitor_(std::move(monitor)) {
  if (monitor_.empty() || monitor_ == monitored_loss) return;
  const auto found = std::ranges::find(metrics, monitor_, &evaluation::Metric::name);
  if (found == metrics.end()) {
    std::string names = monitored_loss;
    for (const evaluation::Metric& metric : metrics) names += ", " + metric.name();
    throw base::UsageError(
        fmt::format("--monitor {}: is not measured; choose one of {}, or give other --metrics or --top-k",
                    monitor_, names));
  }
  metric_ = static_cast<std::size_t>(found - metrics.begin());
}

bool BestEpoch::watch(const checkpoint::EpochRecord& record) {
  if (monitor_.empty()) return false;
  const bool is_loss = monitor_ == monitored_loss;
  const double value = is_loss ? record.loss : record.metrics[metric_];
  if (!std::isfinite(value)) return false;
  const bool is_better = !best_ || (is_loss ? value < best_->value : value > best_->value);
  since_best_ = is_better ? 0 : since_best_ + 1;
  if (is_better) best_ = Best{value, record.epoch, record.step};
  return is_better;
}

}  // namespace gemel::training
