#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tensor/matrix.hpp"
#include "tensor/matrix_view.hpp"

namespace gemel::model {

/// Which rows of what step a tower drops from. All that is dropped is a function of (seed, place in the model, step, number of the
/// row, column), so it depends on no rank, lane or thread.
struct DropoutDraw {
  std::int64_t step = 0;
  /// Of each row: a query's place in the global batch, a candidate's row of the catalogue.
  std::span<const std::int32_t> numbers;
};

/// Inverted dropout: in training sets a share of the values to 0, drawn anew at each step, and multiplies the others by
/// 1 / (1 - share), so that the expectation stays. The share is rounded to a multiple of 1 / 65536.
class Dropout {
 public:
  /// `name` is its place in the model: "query/dropout_0".
  Dropout(float share, const std::string& name, std::uint64_t seed);

  bool is_on() const { return threshold_ > 0; }

  /// Makes `factors` those of `values` [draw.numbers.size(), cols], each 0 or 1 / (1 - share), and multiplies the values by them.
  void apply(const DropoutDraw& draw, tensor::MatrixView values, tensor::Matrix& factors) const;

 private:
  std::uint64_t key_;
  std::uint32_t threshold_;  // of 16 random bits, below which a value is dropped
  float kept_factor_;
};

}  // namespace gemel::model
