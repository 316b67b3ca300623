#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tensor/matrix_view.hpp"

namespace gemel::onednn {

enum class Transpose { no, yes };
enum class Write { overwrite, accumulate };
enum class Activation { none, relu };

/// Matrix products for one thread, each by a oneDNN primitive that is made once per shape and kept. A new shape costs about
/// half a millisecond, a known one a microsecond and no memory. oneDNN itself runs on the calling thread alone.
///
/// The bits of a result depend on the shapes and on the processor's instruction set, not on the number of threads or ranks;
/// of a product of one shape, those of an element do not depend on the places of its operands (`multiply` without a transposed left
/// operand, and `dense`; tested for the shapes of evaluation). Not for use by two threads at once.
class Executor {
 public:
  Executor();
  ~Executor();
  Executor(Executor&&) noexcept;
  Executor& operator=(Executor&&) noexcept;

  /// result [m, n] = left [m, k] * right [k, n], or += with Write::accumulate. With Transpose::yes an operand is stored
  /// transposed: left as [k, m], right as [n, k]. Shapes that do not fit throw InternalError.
  void multiply(tensor::ConstMatrixView left, Transpose transpose_left, tensor::ConstMatrixView right,
                Transpose transpose_right, tensor::MatrixView result, Write write = Write::overwrite);

  /// The same with a row added to every row of the result: result [m, n] = left * right + bias [n].
  void multiply_add_row(tensor::ConstMatrixView left, tensor::ConstMatrixView right,
                        Transpose transpose_right, std::span<const float> bias, tensor::MatrixView result);

  /// A dense layer: output [rows, out] = activation(input [rows, in] * kernel [in, out] + bias [out]).
  void dense(tensor::ConstMatrixView input, tensor::ConstMatrixView kernel, std::span<const float> bias,
             Activation activation, tensor::MatrixView output);

 private:
  struct Cache;
  std::unique_ptr<Cache> cache_;
};

/// oneDNN for one rank: an Executor for each of its threads. Sets the calling thread's number of OpenMP threads to one, so
/// that oneDNN never splits a product by itself: its weight gradients would have other bits on two threads than on one.
class Runtime {
 public:
  explicit Runtime(int threads);

  int threads() const { return static_cast<int>(executors_.size()); }
  Executor& executor(int thread) { return executors_[static_cast<std::size_t>(thread)]; }

  /// "oneDNN 2.6.3".
  static std::string version();
  /// The instruction set that oneDNN uses here: "AVX-512 bf16".
  static std::string instruction_set();

 private:
  std::vector<Executor> executors_;
};

}  // namespace gemel::onednn
