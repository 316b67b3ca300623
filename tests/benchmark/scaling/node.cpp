#include "node.hpp"

#include <numeric>

namespace gemel::scaling {
namespace {

// A core that computes 100 GFLOP/s reads or writes 10 GB/s.
constexpr double flops_per_byte = 10;

}  // namespace

double Spent::total() const {
  return std::accumulate(waiting.begin(), waiting.end(), work + other + messages);
}

void Node::work(double flops) {
  pass(flops / flops_per_second_);
  spent_.work += flops / flops_per_second_;
}

void Node::compute(double flops) {
  pass(flops / flops_per_second_);
  spent_.other += flops / flops_per_second_;
}

void Node::touch(double bytes) {
  compute(bytes * flops_per_byte);
}

}  // namespace gemel::scaling
