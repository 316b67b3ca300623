#include "model/parameter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.hpp"
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

DenseLayout::Place DenseLayout::add(std::string name, std::size_t rows, std::size_t cols, FirstValues first) {
  places_.push_back({std::move(name), size_, rows, cols, first});
  size_ += rows * cols;
  return places_.back();
}

const DenseLayout::Place& DenseLayout::place(std::string_view name) const {
  const auto found = std::ranges::find(places_, name, &Place::name);
  if (found == places_.end()) throw base::InternalError(fmt::format("model: there is no parameter {}", name));
  return *found;
}

DenseParameters::DenseParameters(DenseLayout layout, std::uint64_t seed)
    : layout_(std::move(layout)), values_(layout_.size()) {
  for (const DenseLayout::Place& place : layout_.places()) {
    const tensor::MatrixView values = place.in(std::span<float>(values_));
    if (place.first.range > 0) {
      initialize(values, place.first.range, seed, place.name);
    } else {
      std::ranges::fill(values.flat(), place.first.constant);
    }
  }
}

}  // namespace gemel::model
