#include "tensor/softmax_kernel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/lanes.hpp"
#include "tensor/aligned_vector.hpp"

namespace gemel::tensor {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

tensor::AlignedVector<float> random_row(std::size_t size, float magnitude) {
  tensor::AlignedVector<float> row(size);
  for (std::size_t i = 0; i < size; ++i) row[i] = magnitude * test::number(size, i);
  return row;
}

void expect_softmax(const tensor::AlignedVector<float>& logits) {
  tensor::AlignedVector<float> row = logits;
  const RowSoftmax result = exponentiate_row(row);
  const float maximum = *std::max_element(logits.begin(), logits.end());
  EXPECT_EQ(result.maximum, maximum);
  double sum = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double truth = std::exp(static_cast<double>(logits[i] - maximum));
    sum += truth;
    // Below e^-87.3 a float would be denormal: the kernel gives 0.
    EXPECT_NEAR(row[i], truth, 2e-7 * truth + 1.3e-38) << logits[i] - maximum;
  }
  EXPECT_NEAR(result.sum, sum, 2e-6 * sum);
}

TEST(SoftmaxKernelTest, AgreesWithTheExponentialFunction) {
  for (const std::size_t size : {32U, 64U, 96U, 1024U, 4096U}) {
    for (const float magnitude : {1e-6F, 1.0F, 20.0F, 43.0F, 500.0F})
      expect_softmax(random_row(size, magnitude));
  }
}

TEST(SoftmaxKernelTest, FindsTheMaximumWhereverItIs) {
  for (std::size_t i = 0; i < 96; ++i) {
    auto row = random_row(96, 3.0F);
    row[i] = 5.0F;
    expect_softmax(row);
  }
}

TEST(SoftmaxKernelTest, MinusInfinityGivesZero) {
  auto row = random_row(64, 2.0F);
  for (std::size_t i = 40; i < 64; ++i) row[i] = -infinity;
  expect_softmax(row);
  exponentiate_row(row);
  for (std::size_t i = 40; i < 64; ++i) EXPECT_EQ(row[i], 0.0F);
}

TEST(SoftmaxKernelTest, NumbersThatAreNotFiniteMakeTheSumNaN) {
  for (const float bad : {not_a_number, -not_a_number, std::bit_cast<float>(0x7fc00123U), infinity}) {
    for (std::size_t i = 0; i < 64; ++i) {
      auto row = random_row(64, 2.0F);
      row[i] = bad;
      EXPECT_TRUE(std::isnan(exponentiate_row(row).sum)) << bad << " at " << i;
    }
  }
  tensor::AlignedVector<float> row(32, -infinity);
  EXPECT_TRUE(std::isnan(exponentiate_row(row).sum));
}

}  // namespace
}  // namespace gemel::tensor
