#include "gemel/onednn/runtime.hpp"

#include <gtest/gtest.h>

#include <omp.h>

#include <algorithm>
#include <cmath>

#include "gemel/base/error.hpp"
#include "gemel/tensor/matrix.hpp"
#include "support/lanes.hpp"

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

TEST(ExecutorTest, BitsOfARowDoNotDependOnTheNumberOfRows) {
  Executor executor;
  for (const std::size_t width : {1U, 7U, 32U, 33U, 128U}) {
    const auto left = random_matrix(1, 100, width);
    const auto right = random_matrix(2, width, 48);
    const auto right_transposed = random_matrix(2, 48, width);
    const auto bias = random_matrix(4, 1, 48);
    tensor::Matrix all[3], some[3];
    const auto compute = [&](tensor::ConstMatrixView rows, tensor::Matrix* results) {
      for (int i = 0; i < 3; ++i) results[i].resize(rows.rows(), 48);
      executor.multiply(rows, Transpose::no, right.view(), Transpose::no, results[0].view());
      executor.multiply(rows, Transpose::no, right_transposed.view(), Transpose::yes, results[1].view());
      executor.dense(rows, right.view(), bias.row(0), Activation::relu, results[2].view());
    };
    compute(left.view(), all);
    for (const std::size_t count : {1U, 2U, 3U, 15U, 16U, 64U, 99U}) {
      for (const std::size_t first : {std::size_t{0}, std::size_t{1}, 100 - count}) {
        if (first + count > 100) continue;
        compute(left.view().middle_rows(first, count), some);
        for (int i = 0; i < 3; ++i) {
          const auto expected = all[i].view().middle_rows(first, count).flat();
          EXPECT_TRUE(std::equal(expected.begin(), expected.end(), some[i].data()))
              << "product " << i << " of rows " << first << " to " << first + count << ", inner width "
              << width;
        }
      }
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
  EXPECT_NE(Runtime::description().find("oneDNN"), std::string::npos) << Runtime::description();
}

}  // namespace
}  // namespace gemel::onednn
