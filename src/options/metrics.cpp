#include "gemel/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace gemel {

const std::vector<std::pair<std::string, MetricKind>>& metric_kinds() {
  static const std::vector<std::pair<std::string, MetricKind>> kinds = {
      {"accuracy", MetricKind::accuracy}, {"recall", MetricKind::recall}, {"ndcg", MetricKind::ndcg},
      {"hit-rate", MetricKind::hit_rate}, {"mrr", MetricKind::mrr},       {"coverage", MetricKind::coverage}};
  return kinds;
}

const std::vector<std::pair<std::string, SeenItems>>& seen_items_names() {
  static const std::vector<std::pair<std::string, SeenItems>> names = {
      {"none", SeenItems::none},
      {"train", SeenItems::train},
      {"train-and-validation", SeenItems::train_and_validation}};
  return names;
}

std::string Metric::name() const {
  if (kind == MetricKind::accuracy) return fmt::format("top-{}", k);
  const auto found = std::ranges::find(metric_kinds(), kind, &std::pair<std::string, MetricKind>::second);
  return fmt::format("{}-{}", found->first, k);
}

std::string Metric::key() const {
  std::string key = name();
  std::ranges::replace(key, '-', '_');
  return key;
}

std::vector<Metric> make_metrics(const std::vector<MetricKind>& kinds,
                                 const std::vector<std::int64_t>& top_k) {
  std::vector<Metric> metrics;
  for (const auto& [name, kind] : metric_kinds()) {
    if (std::ranges::find(kinds, kind) == kinds.end()) continue;
    for (const std::int64_t k : top_k) {
      if (kind != MetricKind::mrr || k == top_k.back()) metrics.push_back({kind, k});
    }
  }
  return metrics;
}

std::size_t find_monitored(const std::string& monitor, const std::vector<Metric>& metrics) {
  const auto found = std::ranges::find(metrics, monitor, &Metric::name);
  if (found == metrics.end()) {
    std::string names = monitored_loss;
    for (const Metric& metric : metrics) names += ", " + metric.name();
    throw base::UsageError(
        fmt::format("--monitor {}: is not measured; choose one of {}, or give other --metrics or --top-k",
                    monitor, names));
  }
  return static_cast<std::size_t>(found - metrics.begin());
}

}  // namespace gemel
