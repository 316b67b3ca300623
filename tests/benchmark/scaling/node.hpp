#pragma once

#include <array>

#include "metering/traffic.hpp"
#include "network.hpp"

namespace gemel::scaling {

/// On what a node spent simulated time.
struct Spent {
  double work = 0;      ///< on what the nodes share out among them: towers and loss
  double other = 0;     ///< on computing that comes with every exchange, or on every node
  double messages = 0;  ///< on beginning messages
  std::array<double, metering::traffic_names.size()> waiting{};

  double total() const;
};

/// One rank's node: lets the simulated time pass that a real one would spend.
class Node {
 public:
  explicit Node(double flops_per_second) : flops_per_second_(flops_per_second) {}

  void work(double flops);
  void compute(double flops);
  /// Reads or writes memory.
  void touch(double bytes);
  /// Runs `call`, which begins or ends an exchange.
  template <class Call>
  void exchange(metering::Traffic purpose, const Call& call) {
    const double start = now();
    const double paid_before = overhead_paid();
    call();
    pay_overhead();
    const double paid = overhead_paid() - paid_before;
    spent_.messages += paid;
    spent_.waiting[static_cast<std::size_t>(purpose)] += now() - start - paid;
  }

  /// Counts from 0 again.
  void reset() { spent_ = {}; }
  const Spent& spent() const { return spent_; }

 private:
  double flops_per_second_;
  Spent spent_;
};

}  // namespace gemel::scaling
