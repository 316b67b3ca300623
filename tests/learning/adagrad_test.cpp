#include "gemel/learning/adagrad.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/lanes.hpp"

namespace gemel::learning {
namespace {

/// A model with tables of 5 and 4 rows.
struct Fixture {
  static std::vector<ingest::FittedFeature> lookup(const char* column, std::size_t rows) {
    ingest::FittedFeature feature;
    feature.spec = {column, ingest::FeatureKind::lookup, 0, 3, {}};
    feature.vocabulary.rows = static_cast<std::int64_t>(rows);
    return {feature};
  }
  model::TwoTower model{lookup("user", 5), lookup("item", 4), {4}, 1};
};

/// The closed form of Keras: the accumulator after t steps of gradient g_1 .. g_t is initial + sum of squares.
double expected(double parameter, const std::vector<double>& gradients, const AdagradOptions& options,
                double* accumulator) {
  *accumulator = static_cast<double>(options.initial_accumulator);
  for (const double g : gradients) {
    *accumulator += g * g;
    parameter -= static_cast<double>(options.learning_rate) * g /
                 std::sqrt(*accumulator + static_cast<double>(options.epsilon));
  }
  return parameter;
}

TEST(AdagradTest, DenseParametersFollowTheClosedForm) {
  Fixture fixture;
  for (const AdagradOptions& options : {AdagradOptions{}, AdagradOptions{0.5F, 0.0F, 1e-3F}}) {
    Adagrad adagrad(options, fixture.model);
    const std::size_t size = fixture.model.dense().size();
    std::vector<float> parameters(size);
    for (std::size_t i = 0; i < size; ++i) parameters[i] = test::number(1, i);
    for (std::uint64_t step = 0; step < 3; ++step) {
      std::vector<float> gradient(size);
      for (std::size_t i = 0; i < size; ++i) gradient[i] = 3 * test::number(10 + step, i);
      adagrad.update_dense(parameters, gradient);
    }
    for (std::size_t i = 0; i < size; ++i) {
      std::vector<double> gradients;
      for (std::uint64_t step = 0; step < 3; ++step) gradients.push_back(3 * test::number(10 + step, i));
      double accumulator = 0;
      EXPECT_NEAR(parameters[i], expected(test::number(1, i), gradients, options, &accumulator), 1e-6);
      EXPECT_NEAR(adagrad.dense_accumulators()[i], accumulator, 1e-6 * (1 + accumulator));
    }
  }
}

TEST(AdagradTest, AZeroGradientChangesNothing) {
  Fixture fixture;
  Adagrad adagrad({}, fixture.model);
  const auto values = fixture.model.dense().values();
  const std::vector<float> before(values.begin(), values.end());
  adagrad.update_dense(values, std::vector<float>(values.size(), 0.0F));
  EXPECT_TRUE(std::equal(before.begin(), before.end(), values.begin()));
}

TEST(AdagradTest, ARowIsUpdatedAndAllOthersKeepTheirAccumulators) {
  Fixture fixture;
  const AdagradOptions options;
  Adagrad adagrad(options, fixture.model);
  tensor::Matrix& weights = fixture.model.tables()[1]->weights();
  const std::vector<float> before(weights.data(), weights.data() + weights.size());
  const std::vector<float> gradient = {0.5F, -2.0F, 0.0F};
  adagrad.update_row(1, 2, weights.row(2), gradient);
  for (std::size_t row = 0; row < weights.rows(); ++row) {
    for (std::size_t i = 0; i < 3; ++i) {
      double accumulator = 0;
      const double g = row == 2 ? static_cast<double>(gradient[i]) : 0.0;
      const double truth = expected(static_cast<double>(before[row * 3 + i]), {g}, options, &accumulator);
      EXPECT_NEAR(weights(row, i), truth, 1e-7);
      if (row != 2) {
        EXPECT_EQ(weights(row, i), before[row * 3 + i]);
        EXPECT_EQ(adagrad.table_accumulators(1)(row, i), options.initial_accumulator);
      }
      EXPECT_NEAR(adagrad.table_accumulators(1)(row, i), accumulator, 1e-6);
    }
  }
  for (const float value : adagrad.table_accumulators(0).view().flat())
    EXPECT_EQ(value, options.initial_accumulator);
}

}  // namespace
}  // namespace gemel::learning
