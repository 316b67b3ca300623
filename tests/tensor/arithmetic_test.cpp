#include "tensor/arithmetic.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "support/lanes.hpp"
#include "tensor/matrix.hpp"

namespace gemel::tensor {
namespace {

/// Vectors of any width, with and without a rest.
constexpr std::size_t lengths[] = {0, 1, 7, 8, 9, 32, 67};

std::vector<float> numbers(std::uint64_t stream, std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = test::number(stream, i);
  return values;
}

TEST(Multiply, TakesElementByElement) {
  for (const std::size_t length : lengths) {
    const std::vector<float> before = numbers(1, length);
    const std::vector<float> factors = numbers(2, length);
    std::vector<float> values = before;
    multiply(values, factors);
    for (std::size_t i = 0; i < length; ++i) EXPECT_EQ(values[i], before[i] * factors[i]);
  }
}

TEST(BackwardRelu, KeepsTheGradientWhereTheOutputIsPositive) {
  for (const std::size_t length : lengths) {
    std::vector<float> output = numbers(1, length);
    if (length > 3) output[3] = 0.0F;
    const std::vector<float> before = numbers(2, length);
    std::vector<float> gradient = before;
    backward_relu(output, gradient);
    for (std::size_t i = 0; i < length; ++i) EXPECT_EQ(gradient[i], output[i] > 0 ? before[i] : 0.0F);
  }
}

TEST(SumRows, AddsThemInTheirOrder) {
  for (const std::size_t cols : lengths) {
    Matrix matrix(5, cols);
    for (std::size_t i = 0; i < matrix.size(); ++i) matrix.data()[i] = test::number(3, i);
    std::vector<float> sums(cols, 42.0F);
    sum_rows(matrix.view(), sums);
    for (std::size_t col = 0; col < cols; ++col) {
      float truth = 0;
      for (std::size_t row = 0; row < 5; ++row) truth += matrix(row, col);
      EXPECT_EQ(sums[col], truth);
    }
  }
}

TEST(Dot, IsTheSumOfProducts) {
  for (const std::size_t length : lengths) {
    const std::vector<float> a = numbers(4, length);
    const std::vector<float> b = numbers(5, length);
    double truth = 0;
    for (std::size_t i = 0; i < length; ++i) truth += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    EXPECT_NEAR(dot(a, b), truth, 1e-6 * static_cast<double>(length)) << length;
  }
}

using Limits = std::numeric_limits<float>;

TEST(AllFinite, TakesEveryNumber) {
  EXPECT_TRUE(all_finite({}));
  const std::vector<float> values = {
      0.0F, -0.0F, 1.0F, Limits::max(), Limits::lowest(), Limits::denorm_min()};
  EXPECT_TRUE(all_finite(values));
}

TEST(AllFinite, FindsOneValueThatIsNoneWhereverItIs) {
  const std::size_t length = 67;  // vectors of any width, and a rest
  for (const float bad : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), -Limits::quiet_NaN(),
                          Limits::signaling_NaN()}) {
    for (std::size_t place = 0; place < length; ++place) {
      std::vector<float> values(length, Limits::max());
      EXPECT_TRUE(all_finite(values));
      values[place] = bad;
      EXPECT_FALSE(all_finite(values)) << bad << " at " << place;
    }
  }
}

}  // namespace
}  // namespace gemel::tensor
