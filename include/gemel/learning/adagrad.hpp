#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gemel/learning/options.hpp"
#include "gemel/model/two_tower.hpp"
#include "gemel/tensor/matrix.hpp"

namespace gemel::learning {

/// Adagrad (Duchi et al., JMLR 2011) in Keras's form: accumulator += g^2; parameter -= learning_rate * g / sqrt(accumulator +
/// epsilon). Table rows that a step did not touch keep their weights and accumulators.
class Adagrad {
 public:
  Adagrad(AdagradOptions options, const model::TwoTower& model);

  /// Updates all dense parameters with their gradient [model.dense().size()].
  void update_dense(std::span<float> parameters, std::span<const float> gradient);

  /// Updates one held row [dim] of table `table` (an index into TwoTower::tables()); `row` counts from the first held one.
  void update_row(std::size_t table, std::size_t row, std::span<float> weights,
                  std::span<const float> gradient);

  /// The accumulators, laid out like the parameters.
  std::span<float> dense_accumulators() { return dense_; }
  std::span<const float> dense_accumulators() const { return dense_; }
  tensor::Matrix& table_accumulators(std::size_t table) { return tables_[table]; }
  const tensor::Matrix& table_accumulators(std::size_t table) const { return tables_[table]; }

 private:
  AdagradOptions options_;
  tensor::AlignedVector<float> dense_;
  std::vector<tensor::Matrix> tables_;
};

}  // namespace gemel::learning
