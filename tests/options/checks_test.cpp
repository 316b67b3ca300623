#include "options/checks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "options/training_rows.hpp"

namespace gemel::options {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using Arguments = std::vector<std::string>;

/// Arguments that are refused, how the message begins, and what it says is allowed.
struct BadCase {
  Arguments arguments;
  std::string start;
  std::string allowed;
};

/// The message of the error that the arguments cause.
std::string error_of(const Arguments& arguments) {
  try {
    TrainingOptions options;
    OptionTable table("trainer train", training_rows(options));
    table.read_command_line(arguments);
    check_given(options, table);
    check(options);
  } catch (const base::UsageError& error) {
    return error.what();
  }
  return "no error";
}

/// The message of the error that options without a command line cause.
template <class Change>
std::string error_with(Change change) {
  TrainingOptions options;
  change(options);
  try {
    check(options);
  } catch (const base::UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Checks, AcceptTheDefaults) {
  EXPECT_EQ(error_with([](TrainingOptions&) {}), "no error");
}

TEST(Checks, RefuseValuesThatNoOptionCouldGive) {
  EXPECT_THAT(error_with([](auto& o) { o.epochs = 0; }),
              StartsWith("--epochs 0: give a whole number of at least 1"));
  EXPECT_THAT(error_with([](auto& o) { o.loss.temperature = 0; }),
              StartsWith("--temperature 0: give a finite number above 0"));
  EXPECT_THAT(error_with([](auto& o) { o.optimizer.epsilon = std::numeric_limits<float>::quiet_NaN(); }),
              StartsWith("--epsilon nan: "));
  EXPECT_THAT(error_with([](auto& o) { o.data.test_fraction = 1; }), StartsWith("--test-fraction 1: "));
  EXPECT_THAT(error_with([](auto& o) { o.top_k = {5, 1}; }), HasSubstr("1 does not come after 5"));
  EXPECT_THAT(error_with([](auto& o) { o.top_k.clear(); }), StartsWith("--top-k "));
  EXPECT_THAT(error_with([](auto& o) { o.metrics.clear(); }), StartsWith("--metrics "));
  EXPECT_THAT(error_with([](auto& o) { o.checkpoint.directory.clear(); }), StartsWith("--checkpoint-dir "));
  EXPECT_THAT(error_with([](auto& o) { o.optimizer.kind = static_cast<OptimizerKind>(99); }),
              HasSubstr("choose one of adagrad"));
  EXPECT_THAT(error_with([](auto& o) { o.model.query_features = {"user_id:magic"}; }),
              AllOf(StartsWith("--query-feature"), HasSubstr("magic")));
  EXPECT_EQ(error_with([](auto& o) { o.data.split = SplitKind::files; }), "no error")
      << "data can come split";
}

TEST(Checks, RefuseValuesThatDoNotFitWhoeverSetThem) {
  EXPECT_THAT(error_with([](auto& o) {
                o.lanes = 16;
                o.batch_size = 8;
              }),
              StartsWith("--batch-size 8: smaller than --lanes 16"));
  EXPECT_THAT(error_with([](auto& o) {
                o.loss.negatives = NegativeSource::catalogue;
                o.loss.extra_negatives = 5;
              }),
              StartsWith("--extra-negatives 5: "));
  EXPECT_THAT(error_with([](auto& o) { o.patience = 3; }),
              StartsWith("--patience 3: without a value that is monitored"));
  EXPECT_THAT(error_with([](auto& o) { o.monitor = "top-7"; }),
              StartsWith("--monitor top-7: is not measured"));
  EXPECT_THAT(error_with([](auto& o) { o.freeze_vocabulary = true; }), HasSubstr("give it with --resume"));
  EXPECT_THAT(error_with([](auto& o) { o.model.layers.clear(); }),
              StartsWith("--layers none: the query features"));
  EXPECT_THAT(error_with([](auto& o) {
                o.model.item_bias = true;
                o.model.candidate_features = {"item_id:bias"};
              }),
              StartsWith("--item-bias true: "));
  EXPECT_THAT(error_with([](auto& o) {
                o.data.files.train = "a";
                o.data.files.format = FileFormat::lists;
                o.data.files.columns.fields = PairColumns({PairColumn::user, PairColumn::item});
              }),
              StartsWith("--columns user,item: "));
}

TEST(Checks, OfFiltersMustFit) {
  for (const Arguments& given : {Arguments{"--k-core", "user=0"}, Arguments{"--k-core", "user=5,user=6"},
                                 Arguments{"--k-core", "items=5"}, Arguments{"--k-core", "5"},
                                 Arguments{"--k-core", "user=5,"}, Arguments{"--k-core", "user=5x"}}) {
    EXPECT_THAT(error_of(given), HasSubstr("--k-core " + given[1] + ": give user=N, item=N or both"));
  }
  EXPECT_THAT(error_of({"--train-file", "a", "--test-file", "b", "--k-core", "item=5"}),
              HasSubstr("--k-core item=5: --validation-file and --test-file split the data already"));
  EXPECT_THAT(error_of({"--since", "1998-02-30"}), HasSubstr("--since 1998-02-30: give a date of UTC"));
  EXPECT_THAT(error_of({"--since", "1998-02-01", "--until", "1998-02-01"}),
              HasSubstr("--until 1998-02-01: is not after --since"));
  EXPECT_THAT(error_of({"--min-rating", "inf"}), HasSubstr("--min-rating inf: give a finite number"));
}

TEST(Checks, OfSourcesAndSplitsMustFit) {
  EXPECT_THAT(error_of({"--test-file", "c"}), HasSubstr("--test-file c: goes with --train-file FILE"));
  EXPECT_THAT(error_of({"--file-format", "pairs"}),
              HasSubstr("--file-format pairs: goes with --ratings FILE"));
  EXPECT_THAT(error_of({"--columns", "user,item"}),
              HasSubstr("--columns user,item: goes with --ratings FILE"));
  EXPECT_THAT(error_of({"--train-file", "a", "--file-format", "lists", "--columns", "user,item"}),
              HasSubstr("--columns user,item: names the fields of pairs, and --file-format lists has none"));
  EXPECT_THAT(error_of({"--data", "d", "--train-file", "a"}),
              HasSubstr("--data d: --train-file a is given too"));
  EXPECT_THAT(error_of({"--train-file", "a", "--synthetic-users", "5"}),
              HasSubstr("--synthetic-users 5: is of the built-in data, but --train-file a"));
  for (const Arguments& chosen : {Arguments{"--split", "time"}, Arguments{"--test-fraction", "0.1"}}) {
    Arguments arguments = {"--train-file", "a", "--test-file", "c"};
    arguments.insert(arguments.end(), chosen.begin(), chosen.end());
    EXPECT_THAT(error_of(arguments),
                HasSubstr(chosen[0] + " " + chosen[1] + ": --validation-file and --test-file split"));
  }
  EXPECT_THAT(error_of({"--train-file", "a", "--validation-file", "b", "--validation-fraction", "0.1"}),
              HasSubstr("--validation-fraction 0.1: --validation-file has the validation examples"));
  EXPECT_THAT(error_of({"--folds", "3"}), HasSubstr("--folds 3: only --split k-fold has folds"));
  EXPECT_THAT(error_of({"--split", "k-fold", "--fold", "6"}),
              HasSubstr("--fold 6: there are only 5 --folds"));
  EXPECT_THAT(error_of({"--split", "k-fold", "--test-fraction", "0.1"}),
              HasSubstr("--test-fraction 0.1: only --split"));
  EXPECT_THAT(error_of({"--split", "leave-last-out", "--validation-fraction", "0.1"}),
              HasSubstr("--split leave-last-two-out keeps"));
  EXPECT_THAT(error_of({"--split", "time", "--split-seed", "1"}),
              HasSubstr("--split-seed 1: nothing is drawn"));
  EXPECT_THAT(error_of({"--split", "files"}), HasSubstr("choose one of random, time, leave-last-out"));
}

TEST(Checks, RefuseToDropFromHiddenLayersWhereThereAreNone) {
  EXPECT_THAT(error_of({"--dropout", "0.1"}),
              AllOf(StartsWith("--dropout 0.1: "), HasSubstr("--layers 32"), HasSubstr("--query-dropout")));
  EXPECT_EQ(error_of({"--dropout", "0.1", "--layers", "64,32"}), "no error");
  EXPECT_THAT(error_of({"--query-dropout", "1"}), StartsWith("--query-dropout 1: "));
  EXPECT_THAT(error_of({"--average-weights", "1"}), StartsWith("--average-weights 1: "));
}

TEST(Checks, RefuseLossesThatDoNotGoTogether) {
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

TEST(Checks, RefuseWhatTheOptimizerOrScheduleDoesNotUse) {
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

TEST(Checks, RefuseABatchSmallerThanItsLanes) {
  EXPECT_THAT(error_of({"--batch-size", "7"}), AllOf(HasSubstr("--batch-size 7"), HasSubstr("--lanes 8")));
  EXPECT_EQ(error_of({"--batch-size", "7", "--lanes", "7"}), "no error");
}

TEST(Checks, RefuseMoreRanksThanLanes) {
  TrainingOptions options;
  EXPECT_NO_THROW(check_ranks(options, 8));
  try {
    check_ranks(options, 9);
    FAIL() << "9 ranks on 8 lanes were taken";
  } catch (const base::UsageError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("--lanes 8"), HasSubstr("9 ranks"), HasSubstr("--lanes 9")));
  }
}

}  // namespace
}  // namespace gemel::options
