#include "learning/temperature.hpp"

#include <cmath>

#include "model/architecture.hpp"

namespace gemel::learning {

Temperature::Temperature(const LossOptions& options, const model::DenseLayout& dense)
    : fixed_(options.temperature) {
  if (options.learned_temperature) place_ = dense.place(model::log_temperature).offset;
}

float Temperature::inverse(std::span<const float> dense) const {
  return place_ ? std::exp(-dense[*place_]) : 1.0F / fixed_;
}

void Temperature::write_gradient(tensor::ConstMatrixView queries, tensor::ConstMatrixView query_gradient,
                                 std::span<float> dense_gradient) const {
  if (!place_) return;
  double sum = 0;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    sum += static_cast<double>(queries.data()[i]) * static_cast<double>(query_gradient.data()[i]);
  }
  dense_gradient[*place_] = -static_cast<float>(sum);
}

}  // namespace gemel::learning
