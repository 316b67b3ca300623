#include "gemel/learning/adagrad.hpp"

#include <algorithm>
#include <cmath>

#include "gemel/base/vectorize.hpp"

namespace gemel::learning {
namespace {

GEMEL_VECTORIZE
void update(const AdagradOptions& options, std::span<float> parameters, std::span<float> accumulators,
            std::span<const float> gradient) {
  const float learning_rate = options.learning_rate;
  const float epsilon = options.epsilon;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    accumulators[i] += gradient[i] * gradient[i];
    parameters[i] -= learning_rate * gradient[i] / std::sqrt(accumulators[i] + epsilon);
  }
}

}  // namespace

Adagrad::Adagrad(AdagradOptions options, const model::TwoTower& model)
    : options_(options), dense_(model.dense().size(), options.initial_accumulator) {
  for (const model::EmbeddingTable* table : model.tables()) {
    tensor::Matrix& accumulators = tables_.emplace_back(table->weights().rows(), table->dim());
    std::fill_n(accumulators.data(), accumulators.size(), options.initial_accumulator);
  }
}

void Adagrad::update_dense(std::span<float> parameters, std::span<const float> gradient) {
  update(options_, parameters, dense_, gradient);
}

void Adagrad::update_row(std::size_t table, std::size_t row, std::span<float> weights,
                         std::span<const float> gradient) {
  update(options_, weights, tables_[table].row(row), gradient);
}

}  // namespace gemel::learning
