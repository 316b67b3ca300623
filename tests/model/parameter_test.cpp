#include "model/parameter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace gemel::model {
namespace {

std::vector<float> initial(float range, std::size_t rows, std::size_t cols, std::uint64_t seed,
                           const std::string& name) {
  tensor::Matrix values(rows, cols);
  initialize(values.view(), range, seed, name);
  return {values.data(), values.data() + values.size()};
}

/// Uniform in [-limit, limit): the extremes come near the limit, the mean near 0, the mean square near limit^2 / 3.
void expect_uniform(const std::vector<float>& values, double limit) {
  double sum = 0;
  double squares = 0;
  double largest = 0;
  for (const float value : values) {
    sum += static_cast<double>(value);
    squares += static_cast<double>(value) * static_cast<double>(value);
    largest = std::max(largest, std::abs(static_cast<double>(value)));
  }
  const auto count = static_cast<double>(values.size());
  EXPECT_LE(largest, limit * (1 + 1e-6));
  EXPECT_GT(largest, 0.99 * limit);
  EXPECT_NEAR(sum / count, 0.0, 5 * limit / std::sqrt(3 * count));
  EXPECT_NEAR(squares / count, limit * limit / 3, 0.05 * limit * limit);
}

TEST(InitializeTest, KernelsAreUniformWithinGlorotsLimit) {
  expect_uniform(initial(glorot_range(100, 50), 100, 50, 1, "kernel"), std::sqrt(6.0 / 150.0));
}

TEST(InitializeTest, EmbeddingsAreUniformWithinTheirRange) {
  expect_uniform(initial(0.05F, 200, 32, 1, "table"), 0.05);
  expect_uniform(initial(0.3F, 200, 32, 1, "table"), 0.3);
}

TEST(InitializeTest, ARangeOfZeroOverwritesWithZeros) {
  tensor::Matrix values(2, 3);
  std::fill_n(values.data(), 6, 1.0F);
  initialize(values.view(), 0.0F, 1, "bias");
  EXPECT_TRUE(std::all_of(values.data(), values.data() + 6, [](float value) { return value == 0.0F; }));
}

TEST(InitializeTest, ValuesDependOnSeedAndNameAndNothingElse) {
  const auto first = initial(0.05F, 20, 8, 1, "a");
  EXPECT_EQ(initial(0.05F, 20, 8, 1, "a"), first);
  EXPECT_NE(initial(0.05F, 20, 8, 2, "a"), first);
  EXPECT_NE(initial(0.05F, 20, 8, 1, "b"), first);
  auto longer = initial(0.05F, 30, 8, 1, "a");  // element by element
  longer.resize(first.size());
  EXPECT_EQ(longer, first);
}

TEST(DenseParametersTest, ParametersLieOneAfterTheOther) {
  DenseLayout layout;
  const auto a = layout.add("a", 2, 3, {.range = 0.5F});
  const auto b = layout.add("b", 1, 4, {.constant = 0.25F});
  const auto c = layout.add("c", 3, 3);
  EXPECT_EQ(layout.size(), 19U);
  EXPECT_EQ(layout.place("b").offset, 6U);
  EXPECT_THROW(layout.place("d"), base::InternalError);
  DenseParameters parameters(layout, 1);
  EXPECT_EQ(parameters.size(), 19U);
  EXPECT_EQ(a.offset, 0U);
  EXPECT_EQ(b.offset, 6U);
  EXPECT_EQ(c.offset, 10U);
  ASSERT_EQ(parameters.places().size(), 3U);
  EXPECT_EQ(parameters.places()[2].name, "c");
  const auto kernel = a.in(parameters.values());
  const auto flat = kernel.flat();
  EXPECT_EQ(std::vector<float>(flat.begin(), flat.end()), initial(0.5F, 2, 3, 1, "a"));
  EXPECT_EQ(&kernel(1, 2), parameters.values().data() + 5);
  EXPECT_THAT(b.in(parameters.values()).flat(), testing::Each(0.25F));
  EXPECT_THAT(c.in(parameters.values()).flat(), testing::Each(0.0F));
}

}  // namespace
}  // namespace gemel::model
