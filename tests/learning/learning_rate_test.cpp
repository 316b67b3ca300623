#include "learning/learning_rate.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace gemel::learning {
namespace {

OptimizerOptions with_rate(const LearningRateOptions& rate) {
  OptimizerOptions options;
  options.learning_rate = rate;
  return options;
}

TEST(LearningRate, IsTheOptimizersDefaultUnlessItIsGiven) {
  OptimizerOptions options;
  options.kind = OptimizerKind::adam;
  EXPECT_EQ(learning_rate(options, 0), 0.001F);
  options.learning_rate.peak = 0.3F;
  EXPECT_EQ(learning_rate(options, 0), 0.3F);
}

TEST(LearningRate, ConstantIsThePeak) {
  const OptimizerOptions options = with_rate({0.3F});
  for (const std::int64_t step : {0, 1, 1000000}) EXPECT_EQ(learning_rate(options, step), 0.3F);
}

TEST(LearningRate, WarmsUpInALine) {
  for (const ScheduleKind schedule : {ScheduleKind::cosine, ScheduleKind::inverse_sqrt}) {
    const OptimizerOptions options = with_rate({0.5F, schedule, 4, 20, 0.0F});
    EXPECT_FLOAT_EQ(learning_rate(options, 0), 0.125F);
    EXPECT_FLOAT_EQ(learning_rate(options, 1), 0.25F);
    EXPECT_FLOAT_EQ(learning_rate(options, 2), 0.375F);
    EXPECT_FLOAT_EQ(learning_rate(options, 3), 0.5F);
  }
}

TEST(LearningRate, CosineFallsFromThePeakToItsFinalShare) {
  const OptimizerOptions options = with_rate({0.5F, ScheduleKind::cosine, 4, 20, 0.1F});
  EXPECT_FLOAT_EQ(learning_rate(options, 4), 0.5F);
  EXPECT_FLOAT_EQ(learning_rate(options, 12), 0.5F * 0.55F);  // half way
  EXPECT_FLOAT_EQ(learning_rate(options, 8),
                  static_cast<float>(0.5 * (0.1 + 0.9 * (2 + std::sqrt(2.0)) / 4)));
  EXPECT_GT(learning_rate(options, 19), 0.05F);
  EXPECT_FLOAT_EQ(learning_rate(options, 20), 0.05F);
  EXPECT_FLOAT_EQ(learning_rate(options, 1000), 0.05F);
  for (std::int64_t step = 4; step < 20; ++step) {
    EXPECT_GT(learning_rate(options, step), learning_rate(options, step + 1)) << step;
  }
}

TEST(LearningRate, CosineWithoutWarmUpStartsAtThePeakAndNeverQuiteEnds) {
  const OptimizerOptions options = with_rate({0.5F, ScheduleKind::cosine, 0, 10, 0.0F});
  EXPECT_FLOAT_EQ(learning_rate(options, 0), 0.5F);
  EXPECT_GT(learning_rate(options, 9), 0.0F);
  EXPECT_NEAR(learning_rate(options, 10), 0.0F, 1e-8);
}

TEST(LearningRate, InverseSquareRootHalvesInFourTimesTheSteps) {
  const OptimizerOptions warm = with_rate({0.5F, ScheduleKind::inverse_sqrt, 4, 0, 0.0F});
  EXPECT_FLOAT_EQ(learning_rate(warm, 15), 0.25F);
  EXPECT_FLOAT_EQ(learning_rate(warm, 63), 0.125F);
  const OptimizerOptions cold = with_rate({0.5F, ScheduleKind::inverse_sqrt, 0, 0, 0.0F});
  EXPECT_FLOAT_EQ(learning_rate(cold, 0), 0.5F);
  EXPECT_FLOAT_EQ(learning_rate(cold, 3), 0.25F);
}

}  // namespace
}  // namespace gemel::learning
