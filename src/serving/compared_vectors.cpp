#include "serving/compared_vectors.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace gemel::serving {

tensor::Matrix compared_vectors(const model::LoadedModel& model, Measure measure) {
  const tensor::Matrix& all = model.catalogue().vectors;
  const bool has_bias = model.towers().candidate().architecture().has_last_column();
  tensor::Matrix compared(all.rows(), all.cols() - (has_bias ? 1 : 0));
  for (std::size_t row = 0; row < all.rows(); ++row) {
    const std::span<const float> vector = all.row(row).first(compared.cols());
    double squares = 0;
    for (const float value : vector) squares += double{value} * double{value};
    const double scale = measure == Measure::cosine && squares > 0 ? 1 / std::sqrt(squares) : 1;
    std::ranges::transform(vector, compared.row(row).begin(),
                           [&](float value) { return static_cast<float>(value * scale); });
  }
  return compared;
}

}  // namespace gemel::serving
