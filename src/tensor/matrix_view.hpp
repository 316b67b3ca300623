#pragma once

#include <cstddef>
#include <span>
#include <type_traits>

namespace gemel::tensor {

/// A borrowed row-major matrix [rows, cols] without gaps between rows. Cheap to copy; does not own or free.
template <class T>
class BasicMatrixView {
 public:
  BasicMatrixView() = default;
  BasicMatrixView(T* data, std::size_t rows, std::size_t cols) : data_(data), rows_(rows), cols_(cols) {}

  /// A view of mutable data is also a view of constant data.
  operator BasicMatrixView<const T>() const  // NOLINT(google-explicit-constructor)
      requires(!std::is_const_v<T>) {
    return {data_, rows_, cols_};
  }

  T* data() const { return data_; }
  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  std::size_t size() const { return rows_ * cols_; }
  std::span<T> flat() const { return {data_, size()}; }
  std::span<T> row(std::size_t index) const { return {data_ + index * cols_, cols_}; }
  T& operator()(std::size_t row, std::size_t col) const { return data_[row * cols_ + col]; }

  /// Rows [first, first + count).
  BasicMatrixView middle_rows(std::size_t first, std::size_t count) const {
    return {data_ + first * cols_, count, cols_};
  }

 private:
  T* data_ = nullptr;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

using MatrixView = BasicMatrixView<float>;
using ConstMatrixView = BasicMatrixView<const float>;

}  // namespace gemel::tensor
