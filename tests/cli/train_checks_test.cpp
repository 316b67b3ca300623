#include "options/train_checks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.hpp"
#include "cli/parsing.hpp"

namespace gemel::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST(TrainChecks, OfSourcesAndSplitsMustFit) {
  EXPECT_THAT(error_of({"--test-file", "c"}), HasSubstr("--test-file: goes with --train-file FILE"));
  EXPECT_THAT(error_of({"--file-format", "pairs"}), HasSubstr("--file-format: goes with --train-file"));
  EXPECT_THAT(error_of({"--columns", "user,item"}), HasSubstr("--columns: goes with --train-file"));
  EXPECT_THAT(error_of({"--train-file", "a", "--file-format", "lists", "--columns", "user,item"}),
              HasSubstr("--columns: names the fields of pairs, but --file-format lists is given"));
  EXPECT_THAT(error_of({"--data", "d", "--train-file", "a"}),
              HasSubstr("--data: --train-file a is given too"));
  EXPECT_THAT(error_of({"--train-file", "a", "--synthetic-users", "5"}),
              HasSubstr("--synthetic-users: is of the built-in data, but --train-file a"));
  for (const Arguments& chosen : {Arguments{"--split", "time"}, Arguments{"--test-fraction", "0.1"}}) {
    Arguments arguments = {"--train-file", "a", "--test-file", "c"};
    arguments.insert(arguments.end(), chosen.begin(), chosen.end());
    EXPECT_THAT(error_of(arguments), HasSubstr(chosen[0] + ": the data is split by"));
  }
  EXPECT_THAT(error_of({"--train-file", "a", "--validation-file", "b", "--validation-fraction", "0.1"}),
              HasSubstr("--validation-fraction: --validation-file has the validation examples"));
  EXPECT_THAT(error_of({"--folds", "3"}), HasSubstr("--folds: only --split k-fold has folds"));
  EXPECT_THAT(error_of({"--split", "k-fold", "--fold", "6"}),
              HasSubstr("--fold 6: there are only 5 --folds"));
  EXPECT_THAT(error_of({"--split", "k-fold", "--test-fraction", "0.1"}),
              HasSubstr("--test-fraction: only --split"));
  EXPECT_THAT(error_of({"--split", "leave-last-out", "--validation-fraction", "0.1"}),
              HasSubstr("--split leave-last-two-out keeps"));
  EXPECT_THAT(error_of({"--split", "time", "--split-seed", "1"}),
              HasSubstr("--split-seed: nothing is drawn"));
  EXPECT_THAT(error_of({"--split", "files"}), HasSubstr("choose one of random, time, leave-last-out"));
}

TEST(TrainChecks, RefuseToDropFromHiddenLayersWhereThereAreNone) {
  EXPECT_THAT(error_of({"--dropout", "0.1"}),
              AllOf(StartsWith("--dropout 0.1: "), HasSubstr("--layers 32"), HasSubstr("--query-dropout")));
  EXPECT_EQ(error_of({"--dropout", "0.1", "--layers", "64,32"}), "no error");
  EXPECT_THAT(error_of({"--query-dropout", "1"}), StartsWith("--query-dropout 1: "));
  EXPECT_THAT(error_of({"--average-weights", "1"}), StartsWith("--average-weights 1: "));
}

TEST(TrainChecks, RefuseLossesThatDoNotGoTogether) {
  const BadCase cases[] = {
      {{"--logq-strength", "0.5"}, "--logq-strength 0.5: ", "add --logq-correction"},
      {{"--negatives", "catalogue", "--logq-correction"}, "--logq-correction true: ", "--negatives in-batch"},
      {{"--negatives", "catalogue", "--remove-accidental-hits"},
       "--remove-accidental-hits true: ",
       "no accidental hits"},
      {{"--negatives", "catalogue", "--extra-negatives", "9"}, "--extra-negatives 9: ", "a column already"},
      {{"--negative-distribution", "uniform"}, "--negative-distribution uniform: ", "add --extra-negatives"},
      {{"--negative-power", "0.5"}, "--negative-power 0.5: ", "add --extra-negatives"},
      {{"--extra-negatives", "9", "--negative-power", "0.5"},
       "--negative-power 0.5: ",
       "--negative-distribution popularity"},
  };
  for (const BadCase& bad : cases) {
    EXPECT_THAT(error_of(bad.arguments), AllOf(StartsWith(bad.start), HasSubstr(bad.allowed)));
  }
  EXPECT_EQ(
      error_of({"--negatives", "catalogue", "--hard-negatives", "9", "--label-smoothing", "0.1",
                "--learned-temperature", "--logq-correction=false", "--extra-negatives", "0", "--mask-seen"}),
      "no error");
}

TEST(TrainChecks, RefuseWhatTheOptimizerOrScheduleDoesNotUse) {
  const BadCase cases[] = {
      {{"--momentum", "0.9"}, "--momentum 0.9: ", "--optimizer sgd"},
      {{"--optimizer", "adamw", "--momentum", "0"}, "--momentum 0: ", "--optimizer sgd"},
      {{"--beta-1", "0.9"}, "--beta-1 0.9: ", "adam and adamw"},
      {{"--optimizer", "sgd", "--beta-2", "0.9"}, "--beta-2 0.9: ", "adam and adamw"},
      {{"--optimizer", "sgd", "--epsilon", "0.1"}, "--epsilon 0.1: ", "--optimizer sgd"},
      {{"--optimizer", "adam", "--weight-decay", "0.5"}, "--weight-decay 0.5: ", "choose adamw"},
      {{"--warmup-steps", "9"}, "--warmup-steps 9: ", "--learning-rate-schedule cosine or inverse-sqrt"},
      {{"--learning-rate-schedule", "inverse-sqrt", "--final-learning-rate-share", "0.5"},
       "--final-learning-rate-share 0.5: ",
       "--learning-rate-schedule cosine"},
      {{"--weight-decay", "10"}, "--weight-decay 10: ", "below 1"},
  };
  for (const BadCase& bad : cases) {
    EXPECT_THAT(error_of(bad.arguments), AllOf(StartsWith(bad.start), HasSubstr(bad.allowed)));
  }
  for (const std::string optimizer : {"adagrad", "rowwise-adagrad", "adamw", "sgd"}) {
    EXPECT_EQ(error_of({"--optimizer", optimizer, "--weight-decay", "0.5", "--clip-norm", "1"}), "no error");
  }
  EXPECT_EQ(error_of({"--optimizer", "adam", "--weight-decay", "0", "--beta-1", "0.8"}), "no error");
  EXPECT_EQ(error_of({"--optimizer", "sgd", "--momentum", "0.9"}), "no error");
}

TEST(TrainChecks, RefuseABatchSmallerThanItsLanes) {
  EXPECT_THAT(error_of({"--batch-size", "7"}), AllOf(HasSubstr("--batch-size 7"), HasSubstr("--lanes 8")));
  EXPECT_EQ(error_of({"--batch-size", "7", "--lanes", "7"}), "no error");
}

TEST(TrainChecks, RefuseMoreRanksThanLanes) {
  TrainingOptions options;
  EXPECT_NO_THROW(options::check_ranks(options, 8));
  try {
    options::check_ranks(options, 9);
    FAIL() << "9 ranks on 8 lanes were taken";
  } catch (const base::UsageError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("--lanes 8"), HasSubstr("9 ranks"), HasSubstr("--lanes 9")));
  }
}

}  // namespace
}  // namespace gemel::cli
