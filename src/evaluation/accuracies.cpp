#include "evaluation/accuracies.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "exchange/exact_sum.hpp"

namespace gemel::evaluation {

Accuracies::Accuracies(std::vector<Metric> metrics) : metrics_(std::move(metrics)), sums_(metrics_.size()) {}

void Accuracies::add(const tensor::Standing& standing) {
  ++examples_;
  bool is_tied = false;
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    const double hit = expected_hit(metrics_[i].k, standing.higher, standing.equal);
    if (hit == 0 || hit == 1) {
      sums_[i].hits += hit == 1 ? 1 : 0;
    } else {
      sums_[i].expected_hits.push_back(hit);
      is_tied = true;
    }
  }
  tied_ += is_tied ? 1 : 0;
}

MetricValues Accuracies::values(mpi::Communicator& communicator) const {
  const std::int64_t examples = communicator.sum(examples_);
  MetricValues values;
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    const auto hits = static_cast<double>(communicator.sum(sums_[i].hits));
    const double expected = exchange::exact_sum(sums_[i].expected_hits, communicator);
    values.emplace_back(metrics_[i], examples > 0 ? (hits + expected) / static_cast<double>(examples)
                                                  : std::numeric_limits<double>::quiet_NaN());
  }
  return values;
}

double Accuracies::tied_share(mpi::Communicator& communicator) const {
  const std::int64_t examples = std::max<std::int64_t>(1, communicator.sum(examples_));
  return static_cast<double>(communicator.sum(tied_)) / static_cast<double>(examples);
}

}  // namespace gemel::evaluation
