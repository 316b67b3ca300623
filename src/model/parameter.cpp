#include "model/parameter.hpp"

#include <algorithm>
#include <cmath>

#include "base/random.hpp"

namespace gemel::model {

float glorot_range(std::size_t rows, std::size_t cols) {
  return static_cast<float>(std::sqrt(6.0 / static_cast<double>(rows + cols)));
}

void initialize(tensor::MatrixView values, float range, std::uint64_t seed, const std::string& name,
                std::size_t first_element) {
  if (range == 0.0F) {
    std::fill(values.flat().begin(), values.flat().end(), 0.0F);
    return;
  }
  const std::uint64_t key = base::random_key(seed, name);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values.data()[i] = range * (2.0F * base::random_float(key, first_element + i) - 1.0F);
  }
}

DenseParameters::Place DenseParameters::add(const std::string& name, std::size_t rows, std::size_t cols,
                                            float range, std::uint64_t seed) {
  Place place{name, values_.size(), rows, cols};
  values_.resize(place.offset + rows * cols);
  initialize(place.in(std::span<float>(values_)), range, seed, name);
  places_.push_back(place);
  return place;
}

}  // namespace gemel::model
