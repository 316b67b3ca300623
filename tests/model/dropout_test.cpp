#include "model/dropout.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/random.hpp"

namespace gemel::model {
namespace {

constexpr std::size_t cols = 21;  // no whole number of blocks of random bits

std::vector<std::int32_t> numbers(std::int32_t first, std::size_t count) {
  std::vector<std::int32_t> result(count);
  std::iota(result.begin(), result.end(), first);
  return result;
}

/// Twos, after dropout.
tensor::Matrix dropped(const Dropout& dropout, std::int64_t step, const std::vector<std::int32_t>& rows,
                       tensor::Matrix& factors) {
  tensor::Matrix values(rows.size(), cols);
  std::fill_n(values.data(), values.size(), 2.0F);
  onednn::Executor executor;
  const DropoutDraw draw{step, rows};
  dropout.forward({{}, executor, &draw}, values.view(), values.view(), factors);
  return values;
}

std::vector<float> factors_of(const Dropout& dropout, std::int64_t step,
                              const std::vector<std::int32_t>& rows) {
  tensor::Matrix factors;
  dropped(dropout, step, rows, factors);
  return {factors.data(), factors.data() + factors.size()};
}

TEST(DropoutTest, SetsTheShareToZeroAndScalesTheOthersUp) {
  const Dropout dropout(0.25F, "query/dropout_0", cols, 7);
  tensor::Matrix factors;
  const tensor::Matrix values = dropped(dropout, 3, numbers(0, 1000), factors);
  std::vector<std::size_t> zeros(cols, 0);  // of each column
  for (std::size_t row = 0; row < values.rows(); ++row) {
    for (std::size_t col = 0; col < cols; ++col) {
      EXPECT_EQ(values(row, col), 2.0F * factors(row, col));
      if (factors(row, col) == 0) {
        ++zeros[col];
      } else {
        EXPECT_EQ(factors(row, col), 4.0F / 3.0F);
      }
    }
  }
  // A share of 1/4 of 1000 with a deviation of 14.
  for (const std::size_t count : zeros) EXPECT_NEAR(static_cast<double>(count), 250.0, 60.0);
}

TEST(DropoutTest, ARowDependsOnItsNumberAndTheStepAlone) {
  const Dropout dropout(0.5F, "query/dropout_0", cols, 7);
  const std::vector<float> all = factors_of(dropout, 3, numbers(0, 40));
  const std::vector<float> part = factors_of(dropout, 3, numbers(30, 5));
  EXPECT_TRUE(std::equal(part.begin(), part.end(), all.begin() + 30 * cols));
  EXPECT_NE(factors_of(dropout, 4, numbers(0, 40)), all);
  EXPECT_NE(factors_of(Dropout(0.5F, "query/dropout_1", cols, 7), 3, numbers(0, 40)), all);
  EXPECT_NE(factors_of(Dropout(0.5F, "query/dropout_0", cols, 8), 3, numbers(0, 40)), all);
  EXPECT_FALSE(std::equal(all.begin(), all.begin() + cols, all.begin() + cols));
}

TEST(DropoutTest, OutsideOfTrainingNothingIsDropped) {
  const Dropout dropout(0.5F, "query/dropout_0", cols, 7);
  tensor::Matrix values(4, cols);
  std::fill_n(values.data(), values.size(), 2.0F);
  onednn::Executor executor;
  tensor::Matrix kept;
  dropout.forward({{}, executor}, values.view(), values.view(), kept);
  dropout.backward({{}, {}, executor}, {}, values.view(), values.view(), values.view(), kept);
  EXPECT_THAT(values.view().flat(), testing::Each(2.0F));
}

TEST(DropoutTest, TheGradientTakesTheSameWay) {
  const Dropout dropout(0.5F, "query/dropout_0", cols, 7);
  EXPECT_TRUE(dropout.works_in_place());
  EXPECT_TRUE(dropout.drops());
  EXPECT_EQ(dropout.kept_width(), cols);
  tensor::Matrix factors;
  const tensor::Matrix values = dropped(dropout, 3, numbers(0, 9), factors);
  tensor::Matrix gradient(9, cols);
  std::fill_n(gradient.data(), gradient.size(), 3.0F);
  onednn::Executor executor;
  dropout.backward({{}, {}, executor}, {}, values.view(), gradient.view(), gradient.view(), factors);
  for (std::size_t i = 0; i < gradient.size(); ++i)
    EXPECT_EQ(gradient.data()[i], values.data()[i] > 0 ? 6.0F : 0.0F);
}

TEST(RandomWordsTest, BeginWithTheRandomBitsOfTheirElement) {
  std::vector<std::uint32_t> words(4 * 37);
  base::random_words(9, (std::uint64_t{1} << 32) - 5, words);
  for (std::size_t i = 0; i < 37; ++i) {
    const std::uint64_t bits = base::random_bits(9, (std::uint64_t{1} << 32) - 5 + i);
    EXPECT_EQ(words[4 * i], static_cast<std::uint32_t>(bits));
    EXPECT_EQ(words[4 * i + 1], static_cast<std::uint32_t>(bits >> 32));
  }
}

}  // namespace
}  // namespace gemel::model
