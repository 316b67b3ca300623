#include "step/gradient_norm.hpp"

#include <cmath>
#include <cstdint>

#include "exchange/exact_sum.hpp"
#include "tensor/arithmetic.hpp"

namespace gemel::step {

GradientNorm::GradientNorm(const StepParts& parts)
    : parts_(parts), row_squares_(parts.model.tables().size()) {}

double GradientNorm::of(exchange::RowReduce& rows, std::span<const float> dense) {
  for (auto& squares : row_squares_) squares.clear();
  rows.for_each_row(parts_.team, [&](std::size_t table, std::int64_t, std::span<const float> gradient) {
    row_squares_[table].push_back(tensor::sum_of_squares(gradient));
  });
  // What all ranks hold is counted by root.
  const auto counting = parts_.traffic.measure(metering::Traffic::dense);
  squares_.clear();
  if (parts_.communicator.is_root()) {
    for (const auto& place : parts_.model.dense().places())
      squares_.push_back(tensor::sum_of_squares(place.in(dense).flat()));
  }
  for (std::size_t table = 0; table < row_squares_.size(); ++table) {
    if (!rows.counts(table)) continue;
    squares_.insert(squares_.end(), row_squares_[table].begin(), row_squares_[table].end());
  }
  return std::sqrt(exchange::exact_sum(squares_, parts_.communicator));
}

}  // namespace gemel::step
