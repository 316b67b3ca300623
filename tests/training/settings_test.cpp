#include "gemel/training/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gemel/base/error.hpp"

namespace gemel::training {
namespace {

using learning::OptimizerKind;
using learning::ScheduleKind;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> warnings(const TrainingOptions& before, const TrainingOptions& now) {
  return compare_settings("a.h5", result_settings(before), result_settings(now));
}

std::string refusal(const TrainingOptions& before, const TrainingOptions& now) {
  try {
    warnings(before, now);
  } catch (const base::CheckpointError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Settings, OfTheSameRunAgree) {
  TrainingOptions options;
  options.optimizer.kind = OptimizerKind::adamw;
  options.optimizer.learning_rate.schedule = ScheduleKind::cosine;
  EXPECT_THAT(warnings(options, options), IsEmpty());
}

TEST(Settings, ACheckpointOfAnotherOptimizerIsRefused) {
  TrainingOptions before;
  TrainingOptions now;
  now.optimizer.kind = OptimizerKind::rowwise_adagrad;
  EXPECT_THAT(refusal(before, now),
              AllOf(HasSubstr("a.h5: was trained with --optimizer adagrad, this run has rowwise-adagrad"),
                    HasSubstr("give --optimizer adagrad, or start afresh")));
  before.optimizer.kind = now.optimizer.kind = OptimizerKind::sgd;
  now.optimizer.momentum = 0.5F;
  EXPECT_THAT(refusal(before, now), HasSubstr("--momentum 0.0, this run has 0.5"));
}

TEST(Settings, WhatSteersTheTrainingOnMayChangeWithAWarning) {
  const TrainingOptions before;
  TrainingOptions now;
  now.optimizer.weight_decay = 0.5F;
  now.optimizer.clip_norm = 4.0F;
  EXPECT_THAT(warnings(before, now),
              ElementsAre(HasSubstr("--weight-decay was 0.0 when"), HasSubstr("--clip-norm")));
  now = {};
  now.optimizer.learning_rate.schedule = ScheduleKind::inverse_sqrt;
  EXPECT_THAT(warnings(before, now), ElementsAre(HasSubstr("--learning-rate-schedule was constant")));
}

TEST(Settings, TheNumberOfEpochsCountsForTheCosineOnly) {
  TrainingOptions before;
  TrainingOptions now;
  now.epochs = before.epochs + 1;
  EXPECT_THAT(warnings(before, now), IsEmpty());
  before.optimizer.learning_rate.schedule = now.optimizer.learning_rate.schedule = ScheduleKind::cosine;
  EXPECT_THAT(warnings(before, now), ElementsAre(HasSubstr("--epochs was 300 when")));
}

TEST(Settings, WhatIsMeasuredMayNotChange) {
  const TrainingOptions before;
  TrainingOptions now;
  now.metrics = {evaluation::MetricKind::hit_rate, evaluation::MetricKind::accuracy};
  EXPECT_THAT(refusal(before, now), HasSubstr("give --metrics accuracy, or"));
  EXPECT_THAT(refusal(now, before), HasSubstr("give --metrics accuracy,hit-rate, or"));
  now = {};
  now.exclude_seen = true;
  EXPECT_THAT(refusal(before, now), HasSubstr("give --exclude-seen false, or"));
}

TEST(Settings, HowLongARunGoesOnIsNotAmongThem) {
  const TrainingOptions before;
  TrainingOptions now;
  now.monitor = "loss";
  now.patience = 3;
  now.checkpoint.keep_best = true;
  EXPECT_THAT(warnings(before, now), IsEmpty());
}

TEST(Settings, WhatAnOlderCheckpointDoesNotKnowWasAsIsTheDefault) {
  auto saved = nlohmann::ordered_json::parse(result_settings({}));
  saved.erase("optimizer");
  saved.erase("clip-norm");
  TrainingOptions now;
  EXPECT_THAT(compare_settings("a.h5", saved.dump(), result_settings(now)), IsEmpty());
  now.optimizer.clip_norm = 1.0F;
  EXPECT_THAT(compare_settings("a.h5", saved.dump(), result_settings(now)),
              ElementsAre(HasSubstr("--clip-norm was 0.0")));
  now.optimizer.kind = OptimizerKind::adam;
  EXPECT_THROW(compare_settings("a.h5", saved.dump(), result_settings(now)), base::CheckpointError);
}

}  // namespace
}  // namespace gemel::training
