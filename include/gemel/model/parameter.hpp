#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gemel/tensor/matrix.hpp"

namespace gemel::model {

/// How a parameter gets its first values, which are a function of (seed, parameter name, element index) alone.
enum class Initializer {
  zeros,
  glorot_uniform,  ///< uniform in +-sqrt(6 / (rows + cols)), as Keras for kernels
  embedding,       ///< uniform in +-0.05, as Keras for embedding tables
};

/// Fills `values` [rows, cols] of the parameter `name`, or rows of it of which `first_element` is the first element.
void initialize(tensor::MatrixView values, Initializer initializer, std::uint64_t seed,
                const std::string& name, std::size_t first_element = 0);

/// All dense parameters of a model, one after the other in one flat buffer, so that their gradients are exchanged in one message
/// and updated in one loop.
class DenseParameters {
 public:
  /// Where a parameter [rows, cols] lies in the buffer, or in any buffer laid out alike (gradients, accumulators).
  struct Place {
    std::string name;  ///< its path in a checkpoint: "query/dense_0/kernel"
    std::size_t offset = 0;
    std::size_t rows = 0;
    std::size_t cols = 0;

    template <class T>
    tensor::BasicMatrixView<T> in(std::span<T> buffer) const {
      return {buffer.data() + offset, rows, cols};
    }
  };

  /// Adds a parameter and gives it its first values. References to earlier values are void afterwards; places are not.
  Place add(const std::string& name, std::size_t rows, std::size_t cols, Initializer initializer,
            std::uint64_t seed);

  const std::vector<Place>& places() const { return places_; }
  std::size_t size() const { return values_.size(); }
  std::span<float> values() { return values_; }
  std::span<const float> values() const { return values_; }

 private:
  std::vector<Place> places_;
  tensor::AlignedVector<float> values_;
};

}  // namespace gemel::model
