#include "options/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace gemel::options {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

std::vector<std::string> warnings(const TrainingOptions& before, const TrainingOptions& now) {
  return compare_settings("a.h5", result_settings(before), now);
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
  EXPECT_THAT(refusal(before, now), HasSubstr("--momentum 0, this run has 0.5"));
}

TEST(Settings, WhatShapesTheModelMustAgree) {
  TrainingOptions before;
  before.model.layers.clear();
  TrainingOptions now;
  EXPECT_THAT(refusal(before, now), HasSubstr("with --layers none, this run has 32; give --layers none"));
  now.model.layers.clear();
  now.model.normalize = true;
  EXPECT_THAT(refusal(before, now), HasSubstr("--normalize false, this run has true"));
  now = before;
  now.model.item_bias = true;
  EXPECT_THAT(refusal(before, now), HasSubstr("--item-bias false, this run has true"));
  now = before;
  now.model.embedding_range = 0.1F;
  EXPECT_THAT(refusal(before, now),
              HasSubstr("--embedding-range 0.05, this run has 0.1; give --embedding-range 0.05,"));
}

TEST(Settings, AllThatMustAgreeAreToldAtOnce) {
  const TrainingOptions before;
  TrainingOptions now;
  now.model.layers = {4};
  now.batch_size = 128;
  now.loss.temperature = 0.5F;  // may change
  EXPECT_THAT(refusal(before, now),
              HasSubstr("with --layers 32, this run has 4; with --batch-size 2048, this run has 128; "
                        "give --layers 32 --batch-size 2048, or start afresh"));
}

TEST(Settings, ASplitIntoFilesIsUndoneByNamingNone) {
  TrainingOptions users;
  users.data.split = SplitKind::leave_last_two_out;
  users.data.is_split_settled = true;
  TrainingOptions files = users;
  files.data.split = SplitKind::files;
  EXPECT_THAT(refusal(users, files),
              HasSubstr("with --split leave-last-two-out, this run has files; give --split "
                        "leave-last-two-out, leave out --test-file and --validation-file, or start"));
  EXPECT_THAT(refusal(files, users), HasSubstr("; give data that comes split into files, or start"));
  users.model.layers = {4};
  EXPECT_THAT(refusal(files, users),
              HasSubstr("; give --layers 32, give data that comes split into files, or"));
}

TEST(Settings, FeaturesAreToldAsTheDefaultsAreWhateverTheyWereReadFrom) {
  const TrainingOptions defaults;
  TrainingOptions saved = saved_training_options("a.h5", result_settings(defaults));
  EXPECT_NE(saved.model.query_features, defaults.model.query_features);
  EXPECT_EQ(data_settings(saved), data_settings(defaults));
  saved.model.query_features = {"a:lookup:7", "b:list(:32):32", "c:normalize", "c:bucketize(32)"};
  saved.model.embedding_dim = 32;
  EXPECT_THAT(data_settings(saved),
              Contains(Pair("query-feature", "a:lookup:7 b:list(:32) c:normalize c:bucketize(32)")));
}

TEST(Settings, WhatTheDataHasSettledIsToldAndWhatMeansNothingThenIsNotUsed) {
  TrainingOptions options;
  options.data.split = SplitKind::time;
  EXPECT_THAT(data_settings(options),
              AllOf(Contains(Pair("split", "time")), Contains(Pair("test-fraction", "0.2")),
                    Contains(Pair("folds", "not used"))));
  options.data.split = SplitKind::k_fold;
  EXPECT_THAT(data_settings(options),
              AllOf(Contains(Pair("test-fraction", "not used")), Contains(Pair("folds", "5"))));
  options.data.files.train = "a";
  options.data.files.test = "b";
  options.data.split = SplitKind::files;
  EXPECT_THAT(data_settings(options),
              AllOf(Contains(Pair("data", "not used")), Contains(Pair("split", "files")),
                    Contains(Pair("test-fraction", "not used")), Contains(Pair("fold", "not used"))));
}

TEST(Settings, AveragesMustAgreeAndRegularisationMayChange) {
  const TrainingOptions before;
  TrainingOptions now;
  now.optimizer.average_decay = 0.5F;
  EXPECT_THAT(refusal(before, now), HasSubstr("--average-weights 0, this run has 0.5"));
  now = before;
  now.model.dropout = now.model.query_dropout = now.model.candidate_dropout = 0.5F;
  now.optimizer.embedding_l2 = 0.5F;
  EXPECT_THAT(warnings(before, now),
              ElementsAre(HasSubstr("--dropout was"), HasSubstr("--query-dropout was"),
                          HasSubstr("--candidate-dropout was"), HasSubstr("--embedding-l2 was")));
}

TEST(Settings, WhatSteersTheTrainingOnMayChangeWithAWarning) {
  const TrainingOptions before;
  TrainingOptions now;
  now.optimizer.weight_decay = 0.5F;
  now.optimizer.clip_norm = 4.0F;
  EXPECT_THAT(warnings(before, now),
              ElementsAre(HasSubstr("--weight-decay was 0 when"), HasSubstr("--clip-norm")));
  now = {};
  now.optimizer.learning_rate.schedule = ScheduleKind::inverse_sqrt;
  EXPECT_THAT(warnings(before, now), ElementsAre(HasSubstr("--learning-rate-schedule was constant")));
}

TEST(Settings, TheLossMayChangeButForALearnedTemperature) {
  TrainingOptions before;
  TrainingOptions now;
  now.loss = {.temperature = 0.5F,
              .logq_correction = true,
              .remove_accidental_hits = true,
              .logq_strength = 0.5F,
              .partition_weight = 0.5F,
              .reduction = LossReduction::mean,
              .negatives = NegativeSource::catalogue,
              .extra_negatives = 3,
              .negative_distribution = NegativeDistribution::popularity,
              .negative_power = 0.5F,
              .hard_negatives = 4,
              .label_smoothing = 0.5F,
              .mask_seen = true};
  EXPECT_EQ(warnings(before, now).size(), 13U);
  EXPECT_THAT(warnings(before, now), Contains(HasSubstr("--mask-seen was false when")));
  EXPECT_THAT(warnings(before, now), Contains(HasSubstr("--loss-reduction was sum when")));
  before.loss.learned_temperature = true;
  EXPECT_THAT(refusal(before, now), HasSubstr("--learned-temperature true, this run has false"));
  now.loss = before.loss;
  EXPECT_THAT(warnings(before, now), IsEmpty());
  now.loss.temperature = 0.5F;
  EXPECT_THAT(refusal(before, now), HasSubstr("--temperature 1, this run has 0.5"));
}

TEST(Settings, ACheckpointOfAnotherSplitIsRefused) {
  const TrainingOptions before;
  TrainingOptions now;
  now.data.split = SplitKind::leave_last_two_out;
  EXPECT_THAT(refusal(before, now), HasSubstr("--split random, this run has leave-last-two-out"));
  now = {};
  TrainingOptions files;
  files.data.split = SplitKind::files;
  EXPECT_THAT(refusal(files, now),
              HasSubstr("--split files, this run has random; give data that comes split"));
  now.data.validation_fraction = 0.5;
  EXPECT_THAT(refusal(before, now), HasSubstr("--validation-fraction 0, this run has 0.5"));
  now = {};
  now.data.fold = 2;
  EXPECT_THAT(refusal(before, now), HasSubstr("--fold 1, this run has 2"));
  now = {};
  now.data.weight_column = "rating";
  EXPECT_THAT(warnings(before, now), ElementsAre(HasSubstr("--weight-column was none when")));
}

TEST(Settings, TheNumberOfEpochsCountsForTheCosineOnly) {
  TrainingOptions before;
  TrainingOptions now;
  now.epochs = before.epoch_count() + 1;
  EXPECT_THAT(warnings(before, now), IsEmpty());
  before.optimizer.learning_rate.schedule = now.optimizer.learning_rate.schedule = ScheduleKind::cosine;
  EXPECT_THAT(warnings(before, now), ElementsAre(HasSubstr("--epochs was 300 when")));
}

TEST(Settings, WhatIsMeasuredMayChangeWithAWarning) {
  const TrainingOptions before;
  TrainingOptions now;
  now.metrics = {MetricKind::hit_rate, MetricKind::accuracy};
  EXPECT_THAT(warnings(before, now), ElementsAre(HasSubstr("--metrics was accuracy when")));
  EXPECT_THAT(warnings(now, before), ElementsAre(HasSubstr("--metrics was accuracy,hit-rate when")));
  now = {};
  now.top_k = {10, 20};
  EXPECT_THAT(warnings(before, now), ElementsAre(HasSubstr("--top-k was 1,5,10,50,100 when")));
  now = {};
  now.exclude_seen = SeenItems::train;
  EXPECT_THAT(warnings(before, now), ElementsAre(HasSubstr("--exclude-seen was ")));
}

TEST(Settings, OfTodaysCheckpointsAreReadBack) {
  // As the versions before rows wrote them: numbers, true and false, lists, and names.
  const TrainingOptions options = saved_training_options("a.h5", R"({
    "layers": [], "normalize": true, "embedding-range": 0.05000000074505806, "split": "files", "seed": 18446744073709551615,
    "query-feature": ["user_id:lookup:12", "timestamp:normalize"], "weight-column": "none", "top-k": [3, 30],
    "metrics": ["mrr", "recall"], "exclude-seen": true, "test-fraction": 0.2, "wings": 2})",
                                                         R"({"checkpoint-every": "0epochs", "monitor": "none",
    "keep-best": true, "data": "/there", "epochs": 7})");
  EXPECT_THAT(options.model.layers, IsEmpty());
  EXPECT_TRUE(options.model.normalize);
  EXPECT_EQ(options.model.embedding_range, 0.05F);
  EXPECT_EQ(options.data.split, SplitKind::files);
  EXPECT_TRUE(options.data.is_split_settled);
  EXPECT_EQ(options.seed, 18446744073709551615U);
  EXPECT_THAT(options.model.query_features, ElementsAre("user_id:lookup:12", "timestamp:normalize"));
  EXPECT_EQ(options.data.weight_column, "");
  EXPECT_THAT(options.top_k, ElementsAre(3, 30));
  EXPECT_THAT(options.metrics, ElementsAre(MetricKind::mrr, MetricKind::recall));
  EXPECT_EQ(options.exclude_seen, SeenItems::train);
  EXPECT_EQ(options.data.test_fraction, 0.2);
  EXPECT_EQ(options.checkpoint.every.count, 0);
  EXPECT_EQ(options.monitor, "");
  EXPECT_TRUE(options.checkpoint.keep_best);
  EXPECT_EQ(options.data.directory, "/there");
  EXPECT_EQ(options.epochs, 7);
  EXPECT_EQ(options.batch_size, 2048) << "what is not said is as the default";
}

TEST(Settings, HaveTheTypesOfTheirValues) {
  TrainingOptions options;
  options.data.directory = "there";
  options.metrics = {MetricKind::recall, MetricKind::accuracy};
  const auto result = nlohmann::ordered_json::parse(result_settings(options));
  EXPECT_EQ(result["layers"].dump(), "[32]");
  EXPECT_EQ(result["normalize"].dump(), "false");
  EXPECT_EQ(result["seed"].dump(), "42");
  EXPECT_EQ(result["temperature"].dump(), "1.0");
  EXPECT_EQ(result["optimizer"].dump(), R"("adagrad")");
  EXPECT_EQ(result["metrics"].dump(), R"(["accuracy","recall"])");
  EXPECT_EQ(result["query-feature"][0].dump(), R"("user_id:lookup:32")");
  const auto run = nlohmann::ordered_json::parse(run_settings(options));
  EXPECT_TRUE(std::filesystem::path(run["data"].get<std::string>()).is_absolute());
  EXPECT_FALSE(run.contains("synthetic-users"));
  EXPECT_FALSE(run.contains("train-file"));
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
  saved["exclude-seen"] = false;  // once a switch
  TrainingOptions now;
  EXPECT_THAT(compare_settings("a.h5", saved.dump(), now), IsEmpty());
  now.optimizer.clip_norm = 1.0F;
  EXPECT_THAT(compare_settings("a.h5", saved.dump(), now), ElementsAre(HasSubstr("--clip-norm was 0")));
  now.optimizer.kind = OptimizerKind::adam;
  EXPECT_THROW(compare_settings("a.h5", saved.dump(), now), base::CheckpointError);
}

}  // namespace
}  // namespace gemel::options
