#pragma once

#include <cstddef>
#include <optional>

namespace gemel::hdf5 {

/// [rows, cols], or [rows] where `cols` is empty.
struct Shape {
  std::size_t rows = 0;
  std::optional<std::size_t> cols;

  std::size_t values_per_row() const { return cols.value_or(1); }
  friend bool operator==(const Shape&, const Shape&) = default;
};

}  // namespace gemel::hdf5
