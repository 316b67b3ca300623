#include "onednn/runtime.hpp"

#include <gtest/gtest.h>

#include <omp.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "support/lanes.hpp"
#include "tensor/matrix.hpp"

namespace gemel::onednn {
namespace {

tensor::Matrix random_matrix(std::uint64_t stream, std::size_t rows, std::size_t cols) {
  tensor::Matrix matrix(rows, cols);
  for (std::size_t i = 0; i < matrix.size(); ++i) matrix.data()[i] = test::number(stream, i);
  return matrix;
}

double product(const tensor::Matrix& left, bool transpose_left, const tensor::Matrix& right,
               bool transpose_right, std::size_t row, std::size_t col) {
  const std::size_t inner = transpose_left ? left.rows() : left.cols();
  double sum = 0;
  for (std::size_t i = 0; i < inner; ++i) {
    sum += static_cast<double>(transpose_left ? left(i, row) : left(row, i)) *
           static_cast<double>(transpose_right ? right(col, i) : right(i, col));
  }
  return sum;
}

struct Shape {
  std::size_t m, k, n;
};
const std::vector<Shape> shapes = {{1, 1, 1},     {3, 5, 2},   {17, 65, 33},
                                   {64, 32, 128}, {1, 100, 1}, {200, 7, 1}};

double tolerance(const Shape& shape) {
  return 1e-6 * static_cast<double>(shape.k + 1);
}

TEST(ExecutorTest, MultipliesWithEveryTranspositionAndAccumulates) {
  Executor executor;
  for (const Shape& shape : shapes) {
    for (const int which : {0, 1, 2, 3, 0}) {
      const bool left_transposed = which % 2 == 1;
      const bool right_transposed = which / 2 == 1;
      const auto left =
          left_transposed ? random_matrix(1, shape.k, shape.m) : random_matrix(1, shape.m, shape.k);
      const auto right =
          right_transposed ? random_matrix(2, shape.n, shape.k) : random_matrix(2, shape.k, shape.n);
      for (const Write write : {Write::overwrite, Write::accumulate}) {
        tensor::Matrix result = random_matrix(3, shape.m, shape.n);
        if (write == Write::overwrite) std::fill_n(result.data(), result.size(), NAN);
        executor.multiply(left.view(), left_transposed ? Transpose::yes : Transpose::no, right.view(),
                          right_transposed ? Transpose::yes : Transpose::no, result.view(), write);
        for (std::size_t row = 0; row < shape.m; ++row) {
          for (std::size_t col = 0; col < shape.n; ++col) {
            const double before =
                write == Write::accumulate ? static_cast<double>(test::number(3, row * shape.n + col)) : 0.0;
            EXPECT_NEAR(result(row, col),
                        before + product(left, left_transposed, right, right_transposed, row, col),
                        tolerance(shape));
          }
        }
      }
    }
  }
}

TEST(ExecutorTest, AddsARow) {
  Executor executor;
  for (const Shape& shape : shapes) {
    for (const bool transposed : {false, true}) {
      const auto left = random_matrix(1, shape.m, shape.k);
      const auto right = transposed ? random_matrix(2, shape.n, shape.k) : random_matrix(2, shape.k, shape.n);
      auto bias = random_matrix(4, 1, shape.n);
      bias(0, 0) = -INFINITY;  // as for the padding of logits
      tensor::Matrix result(shape.m, shape.n);
      executor.multiply_add_row(left.view(), right.view(), transposed ? Transpose::yes : Transpose::no,
                                bias.row(0), result.view());
      for (std::size_t row = 0; row < shape.m; ++row) {
        EXPECT_EQ(result(row, 0), -INFINITY);
        for (std::size_t col = 1; col < shape.n; ++col) {
          const double truth =
              product(left, false, right, transposed, row, col) + static_cast<double>(bias(0, col));
          EXPECT_NEAR(result(row, col), truth, tolerance(shape));
        }
      }
    }
  }
}

TEST(ExecutorTest, ComputesADenseLayer) {
  Executor executor;
  for (const Shape& shape : shapes) {
    const auto input = random_matrix(1, shape.m, shape.k);
    const auto kernel = random_matrix(2, shape.k, shape.n);
    const auto bias = random_matrix(4, 1, shape.n);
    for (const Activation activation : {Activation::none, Activation::relu}) {
      tensor::Matrix output(shape.m, shape.n);
      executor.dense(input.view(), kernel.view(), bias.row(0), activation, output.view());
      for (std::size_t row = 0; row < shape.m; ++row) {
        for (std::size_t col = 0; col < shape.n; ++col) {
          double truth = product(input, false, kernel, false, row, col) + static_cast<double>(bias(0, col));
          if (activation == Activation::relu) truth = std::max(truth, 0.0);
          EXPECT_NEAR(output(row, col), truth, tolerance(shape));
        }
      }
    }
  }
}

/// The rows of `matrix`, each `shift` places further down, the last ones at the top.
tensor::Matrix rotated(const tensor::Matrix& matrix, std::size_t shift) {
  tensor::Matrix result(matrix.rows(), matrix.cols());
  for (std::size_t row = 0; row < matrix.rows(); ++row)
    std::ranges::copy(matrix.row(row), result.row((row + shift) % matrix.rows()).begin());
  return result;
}

// Which queries and candidates stand beside each other in a block differs with the number of ranks. The blocks' shapes do not: with
// those, bits may differ, and on processors without AVX-512 do.
TEST(ExecutorTest, BitsDoNotDependOnThePlaceInABlockOfRows) {
  Executor executor;
  for (const std::size_t inner : {1U, 7U, 32U, 33U, 65U, 128U}) {
    for (const std::size_t width : {1U, 4U, 32U, 33U, 64U}) {
      const tensor::Matrix input = random_matrix(1, 256, inner);
      const tensor::Matrix kernel = random_matrix(2, inner, width);
      const tensor::Matrix bias = random_matrix(4, 1, width);
      tensor::Matrix output(256, width);
      executor.dense(input.view(), kernel.view(), bias.row(0), Activation::relu, output.view());
      for (const std::size_t shift : {1U, 2U, 3U, 5U, 8U, 15U, 16U, 100U}) {
        tensor::Matrix shifted(256, width);
        executor.dense(rotated(input, shift).view(), kernel.view(), bias.row(0), Activation::relu,
                       shifted.view());
        EXPECT_TRUE(std::ranges::equal(shifted.view().flat(), rotated(output, shift).view().flat()))
            << inner << " x " << width << ", rows moved by " << shift;
      }
    }
  }
}

TEST(ExecutorTest, BitsDoNotDependOnThePlaceInATileOfScores) {
  Executor executor;
  for (const std::size_t inner : {1U, 7U, 32U, 33U, 64U, 65U, 128U}) {
    const tensor::Matrix queries = random_matrix(1, 64, inner);
    const tensor::Matrix candidates = random_matrix(2, 1024, inner);
    tensor::Matrix scores(64, 1024);
    executor.multiply(queries.view(), Transpose::no, candidates.view(), Transpose::yes, scores.view());
    for (const std::size_t shift : {1U, 2U, 3U, 5U, 8U, 15U, 16U, 100U}) {
      tensor::Matrix shifted(64, 1024);
      executor.multiply(rotated(queries, shift).view(), Transpose::no, rotated(candidates, 7 * shift).view(),
                        Transpose::yes, shifted.view());
      std::size_t different = 0;
      for (std::size_t i = 0; i < 64; ++i) {
        for (std::size_t j = 0; j < 1024; ++j)
          different += shifted((i + shift) % 64, (j + 7 * shift) % 1024) == scores(i, j) ? 0 : 1;
      }
      EXPECT_EQ(different, 0U) << "inner width " << inner << ", rows moved by " << shift;
    }
  }
}

TEST(ExecutorTest, RefusesShapesThatDoNotFit) {
  Executor executor;
  const auto left = random_matrix(1, 3, 4);
  const auto right = random_matrix(2, 5, 6);
  tensor::Matrix result(3, 6);
  EXPECT_THROW(executor.multiply(left.view(), Transpose::no, right.view(), Transpose::no, result.view()),
               base::InternalError);
}

TEST(RuntimeTest, HasAnExecutorForEachThread) {
  Runtime runtime(3);
  EXPECT_EQ(runtime.threads(), 3);
  EXPECT_NE(&runtime.executor(0), &runtime.executor(2));
  EXPECT_EQ(omp_get_max_threads(), 1);
  EXPECT_EQ(Runtime::version().find("oneDNN "), 0U) << Runtime::version();
  EXPECT_FALSE(Runtime::instruction_set().empty());
}

}  // namespace
}  // namespace gemel::onednn
