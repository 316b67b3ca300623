#pragma once

#include <cstddef>

#include "tensor/aligned_vector.hpp"
#include "tensor/matrix_view.hpp"

namespace gemel::tensor {

/// An owned row-major matrix [rows, cols] of floats, aligned to cache lines. Moves; does not copy.
class Matrix {
 public:
  Matrix() = default;
  Matrix(std::size_t rows, std::size_t cols) { resize(rows, cols); }
  Matrix(Matrix&&) noexcept = default;
  Matrix& operator=(Matrix&&) noexcept = default;

  /// Changes the shape. Memory only ever grows, so a buffer that is resized every step stops allocating, and writing zeros, once
  /// it has seen its largest shape. Elements keep their place in the flat order, not their row and column; those that the matrix
  /// has never had are zero.
  void resize(std::size_t rows, std::size_t cols) {
    if (rows * cols > values_.size()) values_.resize(rows * cols);
    rows_ = rows;
    cols_ = cols;
  }

  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  std::size_t size() const { return rows_ * cols_; }
  float* data() { return values_.data(); }
  const float* data() const { return values_.data(); }
  MatrixView view() { return {values_.data(), rows_, cols_}; }
  ConstMatrixView view() const { return {values_.data(), rows_, cols_}; }
  std::span<float> row(std::size_t index) { return view().row(index); }
  std::span<const float> row(std::size_t index) const { return view().row(index); }
  float& operator()(std::size_t row, std::size_t col) { return values_[row * cols_ + col]; }
  float operator()(std::size_t row, std::size_t col) const { return values_[row * cols_ + col]; }

 private:
  AlignedVector<float> values_;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

}  // namespace gemel::tensor
