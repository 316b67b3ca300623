#pragma once

#include <cstdint>
#include <vector>

#include "evaluation/metric.hpp"
#include "mpi/communicator.hpp"
#include "tensor/score_scan.hpp"

namespace gemel::evaluation {

/// Sums up the standings of test examples into accuracies. Add each example's on the rank that has it, then ask for the values.
class Accuracies {
 public:
  explicit Accuracies(std::vector<Metric> metrics);

  void add(const tensor::Standing& standing);

  /// The mean of expected_hit() at each k; not numbers when no rank has added an example. Collective.
  MetricValues values(mpi::Communicator& communicator) const;

  /// The share of the examples whose hit at some k depends on the order of ties; 0 when there are none. Collective.
  double tied_share(mpi::Communicator& communicator) const;

 private:
  struct Sum {
    std::int64_t hits = 0;              // of examples without a tie at the edge of k
    std::vector<double> expected_hits;  // of the others
  };

  std::vector<Metric> metrics_;
  std::vector<Sum> sums_;  // by metric
  std::int64_t examples_ = 0;
  std::int64_t tied_ = 0;  // with a tie at the edge of some k
};

}  // namespace gemel::evaluation
