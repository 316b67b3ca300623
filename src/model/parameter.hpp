#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/matrix.hpp"

namespace gemel::model {

/// sqrt(6 / (rows + cols)): the range of a kernel's first values, as Keras has it (Glorot and Bengio, 2010).
float glorot_range(std::size_t rows, std::size_t cols);

/// Fills `values` [rows, cols] of the parameter `name`, or rows of it of which `first_element` is the first element, uniformly in
/// +-range (0: with zeros). The values are a function of (seed, name, element index) alone.
void initialize(tensor::MatrixView values, float range, std::uint64_t seed, const std::string& name,
                std::size_t first_element = 0);

/// What a parameter is at first: uniform in +-range; where that is 0, the constant.
struct FirstValues {
  float range = 0;
  float constant = 0;
};

/// The dense parameters of a model, without their values: one after the other in one flat buffer, so that their gradients are
/// exchanged in one message and updated in one loop.
class DenseLayout {
 public:
  /// Where a parameter [rows, cols] lies in the buffer, or in any buffer laid out alike (gradients, accumulators).
  struct Place {
    std::string name;  ///< its path in a checkpoint: "query/dense_0/kernel"
    std::size_t offset = 0;
    std::size_t rows = 0;
    std::size_t cols = 0;
    FirstValues first;

    template <class T>
    tensor::BasicMatrixView<T> in(std::span<T> buffer) const {
      return {buffer.data() + offset, rows, cols};
    }
  };

  Place add(std::string name, std::size_t rows, std::size_t cols, FirstValues first = {});

  const std::vector<Place>& places() const { return places_; }
  /// The parameter of this name. Throws InternalError when there is none.
  const Place& place(std::string_view name) const;
  /// Floats of the buffer.
  std::size_t size() const { return size_; }

 private:
  std::vector<Place> places_;
  std::size_t size_ = 0;
};

/// The dense parameters of a model.
class DenseParameters {
 public:
  /// With their first values, which are a function of (seed, name, element index) alone.
  explicit DenseParameters(DenseLayout layout = {}, std::uint64_t seed = 0);

  const DenseLayout& layout() const { return layout_; }
  const std::vector<DenseLayout::Place>& places() const { return layout_.places(); }
  std::size_t size() const { return values_.size(); }
  std::span<float> values() { return values_; }
  std::span<const float> values() const { return values_; }

 private:
  DenseLayout layout_;
  tensor::AlignedVector<float> values_;
};

}  // namespace gemel::model
