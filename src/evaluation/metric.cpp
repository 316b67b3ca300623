#include "evaluation/metric.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace gemel::evaluation {
namespace {

double gain(std::int64_t place) {
  return 1.0 / std::log2(static_cast<double>(place + 1));
}

double ndcg(const std::vector<std::int64_t>& places, std::int64_t k, std::int64_t relevant) {
  double found = 0;
  for (const std::int64_t place : places) found += place <= k ? gain(place) : 0.0;
  double ideal = 0;
  for (std::int64_t place = 1; place <= std::min(k, relevant); ++place) ideal += gain(place);
  return found / ideal;
}

}  // namespace

double expected_hit(std::int64_t k, std::int64_t higher, std::int64_t equal) {
  const auto places = static_cast<double>(std::max<std::int64_t>(0, k - higher));
  return std::min(1.0, places / static_cast<double>(equal + 1));
}

double user_metric(const Metric& metric, const std::vector<std::int64_t>& places, std::int64_t relevant) {
  const auto hits = std::ranges::upper_bound(places, metric.k) - places.begin();
  switch (metric.kind) {
    case MetricKind::recall:
      return static_cast<double>(hits) / static_cast<double>(relevant);
    case MetricKind::ndcg:
      return ndcg(places, metric.k, relevant);
    case MetricKind::hit_rate:
      return hits > 0 ? 1.0 : 0.0;
    case MetricKind::mrr:
      return hits > 0 ? 1.0 / static_cast<double>(places.front()) : 0.0;
    case MetricKind::accuracy:
    case MetricKind::coverage:
      break;
  }
  throw base::InternalError("evaluation: not a metric of one user");
}

}  // namespace gemel::evaluation
