#include "cli/train_options.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/error.hpp"
#include "cli/parsing.hpp"
#include "mpi/agreement.hpp"

namespace gemel::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Unit = Interval::Unit;

TEST(TrainOptions, DefaultToTheTutorial) {
  const auto options = parse({}).options;
  EXPECT_EQ(options.training.data.directory, "");
  EXPECT_EQ(options.training.data.test_fraction, 0.2);
  EXPECT_THAT(options.training.model.layers, ElementsAre(32U));
  EXPECT_EQ(options.training.model.embedding_dim, 32U);
  EXPECT_EQ(options.training.optimizer.kind, OptimizerKind::adagrad);
  EXPECT_EQ(options.training.optimizer.peak_rate(), 0.1F);
  EXPECT_EQ(options.training.optimizer.learning_rate.schedule, ScheduleKind::constant);
  EXPECT_EQ(options.training.optimizer.weight_decay, 0.0F);
  EXPECT_EQ(options.training.optimizer.clip_norm, 0.0F);
  EXPECT_EQ(options.training.epoch_count(), 300);
  EXPECT_EQ(options.training.batch_size, 2048);
  EXPECT_EQ(options.training.validate_every, 5);
  EXPECT_THAT(options.training.top_k, ElementsAre(1, 5, 10, 50, 100));
  EXPECT_EQ(options.progress, ProgressStyle::automatic);
  EXPECT_EQ(options.spare_ranks, SpareRanks::rest);
  EXPECT_EQ(options.log_level, "info");
}

TEST(TrainOptions, ReachEveryField) {
  const auto options = parse({"--data",
                              "d",
                              "--test-fraction=0.25",
                              "--split-seed",
                              "18446744073709551615",
                              "--layers",
                              "64,32",
                              "--normalize",
                              "--item-bias=true",
                              "--dropout",
                              "0.125",
                              "--query-dropout",
                              "0.25",
                              "--candidate-dropout",
                              "0.5",
                              "--embedding-l2",
                              "0.75",
                              "--average-weights",
                              "0.875",
                              "--embedding-dim",
                              "16",
                              "--embedding-range",
                              "0.75",
                              "--query-feature",
                              "user_id:lookup",
                              "--query-feature=timestamp:normalize",
                              "--candidate-feature",
                              "title:text(99):8",
                              "--optimizer",
                              "adamw",
                              "--learning-rate",
                              "0.05",
                              "--learning-rate-schedule",
                              "cosine",
                              "--warmup-steps",
                              "100",
                              "--final-learning-rate-share",
                              "0.25",
                              "--beta-1",
                              "0.75",
                              "--beta-2",
                              "0.5",
                              "--epsilon",
                              "0.001",
                              "--weight-decay",
                              "0.01",
                              "--clip-norm",
                              "3",
                              "--temperature",
                              "0.5",
                              "--logq-correction",
                              "--remove-accidental-hits",
                              "--mask-seen",
                              "--logq-strength",
                              "0.75",
                              "--learned-temperature",
                              "--extra-negatives",
                              "100",
                              "--negative-distribution",
                              "popularity",
                              "--negative-power",
                              "0.5",
                              "--hard-negatives",
                              "20",
                              "--partition-weight",
                              "0.875",
                              "--label-smoothing",
                              "0.125",
                              "--loss-reduction",
                              "mean",
                              "--epochs",
                              "7",
                              "--batch-size",
                              "512",
                              "--seed",
                              "0",
                              "--validate-every",
                              "0",
                              "--top-k",
                              "3, 30",
                              "--metrics",
                              "ndcg, hit-rate",
                              "--exclude-seen",
                              "--monitor",
                              "ndcg-30",
                              "--keep-best",
                              "--checkpoint-dir",
                              "c",
                              "--checkpoint-every",
                              "100steps",
                              "--keep",
                              "5",
                              "--resume",
                              "auto",
                              "--lanes",
                              "4",
                              "--threads",
                              "2",
                              "--spare-ranks",
                              "work",
                              "--metrics-file",
                              "m",
                              "--trace",
                              "t",
                              "--progress",
                              "none",
                              "--log-level",
                              "debug"})
                           .options;
  const auto& training = options.training;
  EXPECT_EQ(training.data.directory, "d");
  EXPECT_EQ(training.data.test_fraction, 0.25);
  EXPECT_EQ(training.data.split_seed, 18446744073709551615ULL);
  EXPECT_THAT(training.model.layers, ElementsAre(64U, 32U));
  EXPECT_TRUE(training.model.normalize);
  EXPECT_TRUE(training.model.item_bias);
  EXPECT_EQ(training.model.dropout, 0.125F);
  EXPECT_EQ(training.model.query_dropout, 0.25F);
  EXPECT_EQ(training.model.candidate_dropout, 0.5F);
  EXPECT_EQ(training.optimizer.embedding_l2, 0.75F);
  EXPECT_EQ(training.optimizer.average_decay, 0.875F);
  EXPECT_EQ(training.model.embedding_dim, 16U);
  EXPECT_EQ(training.model.embedding_range, 0.75F);
  EXPECT_THAT(training.model.query_features, ElementsAre("user_id:lookup", "timestamp:normalize"));
  EXPECT_THAT(training.model.candidate_features, ElementsAre("title:text(99):8"));
  EXPECT_EQ(training.optimizer.kind, OptimizerKind::adamw);
  EXPECT_EQ(training.optimizer.learning_rate.peak, 0.05F);
  EXPECT_EQ(training.optimizer.learning_rate.schedule, ScheduleKind::cosine);
  EXPECT_EQ(training.optimizer.learning_rate.warmup_steps, 100);
  EXPECT_EQ(training.optimizer.learning_rate.final_share, 0.25F);
  EXPECT_EQ(training.optimizer.beta_1, 0.75F);
  EXPECT_EQ(training.optimizer.beta_2, 0.5F);
  EXPECT_EQ(training.optimizer.epsilon, 0.001F);
  EXPECT_EQ(training.optimizer.weight_decay, 0.01F);
  EXPECT_EQ(training.optimizer.clip_norm, 3.0F);
  EXPECT_EQ(training.loss.temperature, 0.5F);
  EXPECT_TRUE(training.loss.logq_correction);
  EXPECT_TRUE(training.loss.remove_accidental_hits);
  EXPECT_TRUE(training.loss.mask_seen);
  EXPECT_EQ(training.loss.logq_strength, 0.75F);
  EXPECT_TRUE(training.loss.learned_temperature);
  EXPECT_EQ(training.loss.negatives, NegativeSource::in_batch);
  EXPECT_EQ(training.loss.extra_negatives, 100);
  EXPECT_EQ(training.loss.negative_distribution, NegativeDistribution::popularity);
  EXPECT_EQ(training.loss.negative_power, 0.5F);
  EXPECT_EQ(training.loss.hard_negatives, 20);
  EXPECT_EQ(training.loss.partition_weight, 0.875F);
  EXPECT_EQ(training.loss.label_smoothing, 0.125F);
  EXPECT_EQ(training.loss.reduction, LossReduction::mean);
  EXPECT_EQ(training.epochs, 7);
  EXPECT_EQ(training.batch_size, 512);
  EXPECT_EQ(training.seed, 0U);
  EXPECT_EQ(training.validate_every, 0);
  EXPECT_THAT(training.top_k, ElementsAre(3, 30));
  EXPECT_THAT(training.metrics, ElementsAre(MetricKind::ndcg, MetricKind::hit_rate));
  EXPECT_EQ(training.exclude_seen, SeenItems::train);
  EXPECT_EQ(training.monitor, "ndcg-30");
  EXPECT_TRUE(training.checkpoint.keep_best);
  EXPECT_EQ(training.checkpoint.directory, "c");
  EXPECT_EQ(training.checkpoint.every.count, 100);
  EXPECT_EQ(training.checkpoint.every.unit, Unit::steps);
  EXPECT_EQ(training.checkpoint.keep, 5);
  EXPECT_EQ(training.checkpoint.resume, "auto");
  EXPECT_EQ(training.lanes, 4);
  EXPECT_EQ(training.threads, 2);
  EXPECT_EQ(options.metrics_file, "m");
  EXPECT_EQ(training.trace_file, "t");
  EXPECT_EQ(options.progress, ProgressStyle::none);
  EXPECT_EQ(options.spare_ranks, SpareRanks::work);
  EXPECT_EQ(options.log_level, "debug");
}

TEST(TrainOptions, ReachTheFieldsOfFilesAndSplits) {
  auto data = parse({"--train-file", "a", "--validation-file", "b", "--test-file", "c", "--file-format",
                     "pairs", "--columns=-,user,item,rating", "--weight-column", "rating"})
                  .options.training.data;
  EXPECT_EQ(data.files.train, "a");
  EXPECT_EQ(data.files.validation, "b");
  EXPECT_EQ(data.files.test, "c");
  EXPECT_EQ(data.files.format, FileFormat::pairs);
  EXPECT_EQ(data.files.columns.fields.describe(","), "-,user,item,rating");
  EXPECT_EQ(data.weight_column, "rating");
  EXPECT_EQ(data.split, SplitKind::files);
  EXPECT_TRUE(data.is_split_settled);

  data = parse({"--split", "k-fold", "--folds", "4", "--fold", "3", "--validation-fraction", "0.25"})
             .options.training.data;
  EXPECT_EQ(data.split, SplitKind::k_fold);
  EXPECT_EQ(data.folds, 4);
  EXPECT_EQ(data.fold, 3);
  EXPECT_EQ(data.validation_fraction, 0.25);
  EXPECT_TRUE(data.is_split_settled);

  data = parse({"--train-file", "a"}).options.training.data;
  EXPECT_EQ(data.files.format, FileFormat::automatic);
  EXPECT_TRUE(data.files.columns.empty());

  data = parse({"--data", "d"}).options.training.data;
  EXPECT_EQ(data.split, SplitKind::random);
  EXPECT_FALSE(data.is_split_settled);
  EXPECT_TRUE(parse({"--data", "d", "--test-fraction", "0.3"}).options.training.data.is_split_settled);
}

TEST(TrainOptions, FeaturesThatWereNotChosenMayAdapt) {
  auto model = parse({}).options.training.model;
  EXPECT_TRUE(model.adapt_query_features);
  EXPECT_TRUE(model.adapt_candidate_features);
  model = parse({"--query-feature", "user_id:lookup"}).options.training.model;
  EXPECT_FALSE(model.adapt_query_features);
  EXPECT_TRUE(model.adapt_candidate_features);
}

TEST(TrainOptions, SwitchesTakeAValueOrNone) {
  EXPECT_TRUE(parse({"--logq-correction=true"}).options.training.loss.logq_correction);
  EXPECT_FALSE(parse({"--logq-correction=false"}).options.training.loss.logq_correction);
  const auto options = parse({"--logq-correction", "--epochs", "3"}).options;
  EXPECT_TRUE(options.training.loss.logq_correction);
  EXPECT_EQ(options.training.epochs, 3);
}

TEST(TrainOptions, LayersMayBeNone) {
  const std::vector<std::string> alike = {
      "--layers", "none", "--query-feature", "user_id:lookup", "--candidate-feature", "item_id:lookup"};
  EXPECT_THAT(parse(alike).options.training.model.layers, IsEmpty());
  EXPECT_THAT(parse(alike).settings,
              testing::Contains(std::pair<std::string, std::string>("layers", "none")));
  std::vector<std::string> biased = alike;
  biased.emplace_back("--item-bias");  // is no part of the vectors' width
  EXPECT_THAT(parse(biased).options.training.model.all_candidate_features(),
              ElementsAre("item_id:lookup", "item_id:bias"));
  std::vector<std::string> twice = biased;
  twice.insert(twice.end(), {"--candidate-feature", "item_id:bias"});
  EXPECT_THAT(error_of(twice),
              AllOf(StartsWith("--item-bias true: item_id:bias is a --candidate-feature already"),
                    HasSubstr("leave one")));
  EXPECT_THAT(error_of({"--layers", "none", "--query-feature", "user_id:lookup:8", "--query-feature",
                        "timestamp:normalize", "--candidate-feature", "title:lookup:8"}),
              AllOf(StartsWith("--layers none: "), HasSubstr("9 columns"), HasSubstr("have 8"),
                    HasSubstr("timestamp:normalize"), HasSubstr("title:lookup:8")));
  // What the data has decides over features that were not chosen.
  EXPECT_EQ(error_of({"--layers", "none"}), "no error");
}

TEST(TrainOptions, CheckpointIntervalsHaveUnits) {
  const std::map<std::string, std::pair<std::int64_t, Unit>> cases = {{"0", {0, Unit::epochs}},
                                                                      {"12", {12, Unit::epochs}},
                                                                      {"12epochs", {12, Unit::epochs}},
                                                                      {"1epoch", {1, Unit::epochs}},
                                                                      {"1000steps", {1000, Unit::steps}}};
  for (const auto& [typed, meant] : cases) {
    const auto every = parse({"--checkpoint-every", typed}).options.training.checkpoint.every;
    EXPECT_EQ(every.count, meant.first) << typed;
    EXPECT_EQ(every.unit, meant.second) << typed;
  }
}

TEST(TrainOptions, SayWhatIsWrongWithAValueAndWhatIsAllowed) {
  const BadCase cases[] = {
      {{"--layers", "64,,32"},
       "--layers 64,,32: an empty width between the commas",
       "give positive widths like 64,32"},
      {{"--layers", "0"}, "--layers 0: 0 is not a width from 1", "like 64,32"},
      {{"--layers", "64,-1"}, "--layers 64,-1: -1 is not a width", "like 64,32"},
      {{"--layers", "abc"}, "--layers abc: abc is not a width", "like 64,32"},
      {{"--layers", "64,"}, "--layers 64,: an empty width", "like 64,32"},
      {{"--layers", ""}, "--layers '': an empty list", "like 64,32"},
      {{"--layers="}, "--layers: the value after = is empty", "--layers WIDTHS"},
      {{"--layers", "99999999999999999999"}, "--layers 99999999999999999999: ", "from 1 to 65536"},
      {{"--columns", "user"}, "--columns user: item is missing", "name the field that is the item"},
      {{"--columns", "user,item,user"}, "--columns user,item,user: user is there twice", "name it once"},
      {{"--columns", "user=a,item=b,price=c"}, "--columns user=a,item=b,price=c: 'price=c': ", "user=userId"},
      {{"--columns", "user,item,"}, "--columns user,item,: 'user,item,': ", "as in user,item,-,timestamp"},
      {{"--embedding-dim", "0"}, "--embedding-dim 0: ", "from 1 to 65536"},
      {{"--epochs", "-1"}, "--epochs -1: ", "at least 1"},
      {{"--epochs", "0"}, "--epochs 0: ", "at least 1"},
      {{"--epochs", "1.5"}, "--epochs 1.5: ", "whole number"},
      {{"--epochs", "3x"}, "--epochs 3x: ", "whole number"},
      {{"--epochs", "99999999999999999999"}, "--epochs 99999999999999999999: ", "to 9223372036854775807"},
      {{"--seed", "-1"}, "--seed -1: ", "at least 0"},
      {{"--split-seed", "x"}, "--split-seed x: ", "at least 0"},
      {{"--batch-size", "0"}, "--batch-size 0: ", "from 1 to"},
      {{"--validate-every", "-5"}, "--validate-every -5: ", "at least 0"},
      {{"--keep", "0"}, "--keep 0: ", "at least 1"},
      {{"--lanes", "0"}, "--lanes 0: ", "from 1 to 1024"},
      {{"--lanes", "1025"}, "--lanes 1025: ", "from 1 to 1024"},
      {{"--threads", "0"}, "--threads 0: ", "from 1"},
      {{"--learning-rate", "0"}, "--learning-rate 0: ", "above 0"},
      {{"--learning-rate", "nan"}, "--learning-rate nan: ", "finite"},
      {{"--learning-rate", "-0.1"}, "--learning-rate -0.1: ", "above 0"},
      {{"--optimizer", "lion"}, "--optimizer lion: ", "adagrad, rowwise-adagrad, adam, adamw, sgd"},
      {{"--learning-rate-schedule", "step"},
       "--learning-rate-schedule step: ",
       "constant, cosine, inverse-sqrt"},
      {{"--weight-decay", "-1"}, "--weight-decay -1: ", "at least 0"},
      {{"--clip-norm", "inf"}, "--clip-norm inf: ", "finite"},
      {{"--momentum", "1"}, "--momentum 1: ", "below 1"},
      {{"--warmup-steps", "-1"}, "--warmup-steps -1: ", "at least 0"},
      {{"--temperature", "inf"}, "--temperature inf: ", "finite"},
      {{"--temperature", "1e60"}, "--temperature 1e60: ", "finite"},
      {{"--logq-correction", "--logq-strength", "-1"}, "--logq-strength -1: ", "at least 0"},
      {{"--negatives", "all"}, "--negatives all: ", "in-batch, catalogue"},
      {{"--extra-negatives", "-1"}, "--extra-negatives -1: ", "from 0"},
      {{"--negative-distribution", "zipf"}, "--negative-distribution zipf: ", "uniform, popularity"},
      {{"--negative-power", "-1"}, "--negative-power -1: ", "at least 0"},
      {{"--hard-negatives", "-1"}, "--hard-negatives -1: ", "from 0"},
      {{"--partition-weight", "0"}, "--partition-weight 0: ", "above 0"},
      {{"--label-smoothing", "1"}, "--label-smoothing 1: ", "below 1"},
      {{"--loss-reduction", "max"}, "--loss-reduction max: ", "sum, mean"},
      {{"--test-fraction", "1"}, "--test-fraction 1: ", "below 1"},
      {{"--test-fraction", "-0.1"}, "--test-fraction -0.1: ", "at least 0"},
      {{"--test-fraction", "nan"}, "--test-fraction nan: ", "below 1"},
      {{"--top-k", "5,1"}, "--top-k 5,1: 1 does not come after 5", "like 1,5,10,50,100"},
      {{"--top-k", "5,5"}, "--top-k 5,5: 5 does not come after 5", "ascending"},
      {{"--top-k", "0,5"}, "--top-k 0,5: 0 is not", "like 1,5,10,50,100"},
      {{"--top-k", ""}, "--top-k '': an empty list", "like 1,5,10,50,100"},
      {{"--metrics", "recal"}, "--metrics recal: ", "accuracy, recall, ndcg, hit-rate, mrr, coverage"},
      {{"--metrics", "recall,,ndcg"}, "--metrics recall,,ndcg: ", "choose one of"},
      {{"--metrics", "ndcg,ndcg"}, "--metrics ndcg,ndcg: ndcg is named twice", "once"},
      {{"--monitor", "top-20"}, "--monitor top-20: is not measured", "loss, top-1, top-5"},
      {{"--patience", "3"}, "--patience 3: ", "--monitor top-100"},
      {{"--keep-best"}, "--keep-best true: ", "--monitor top-100"},
      {{"--monitor", "loss", "--patience", "3", "--validate-every", "0"},
       "--patience 3: ",
       "--validate-every 1"},
      {{"--checkpoint-every", "5weeks"}, "--checkpoint-every 5weeks: ", "50epochs or 1000steps"},
      {{"--checkpoint-every", "steps"}, "--checkpoint-every steps: ", "50epochs or 1000steps"},
      {{"--checkpoint-every", "-1"}, "--checkpoint-every -1: ", "50epochs or 1000steps"},
      {{"--logq-correction=maybe"}, "--logq-correction maybe: ", "true, false"},
      {{"--progress", "fancy"}, "--progress fancy: ", "auto, bar, lines, none"},
      {{"--spare-ranks", "sleep"}, "--spare-ranks sleep: ", "rest, work"},
      {{"--log-level", "loud"}, "--log-level loud: ", "debug, info, warning, error"},
      {{"--data", ""}, "--data '': the value is empty", "synthetic"},
      {{"--checkpoint-dir", ""}, "--checkpoint-dir '': the value is empty", ""},
      {{"--query-feature", "user_id:magic"}, "--query-feature user_id:magic: ", "lookup"},
      {{"--candidate-feature", "title:lookup", "--candidate-feature", "title:lookup:8"},
       "--candidate-feature title:lookup:8: ",
       "give it once"},
  };
  for (const BadCase& bad : cases) {
    EXPECT_THAT(error_of(bad.arguments), AllOf(StartsWith(bad.start), HasSubstr(bad.allowed)));
  }
}

TEST(TrainOptions, LearningRateDefaultsToThatOfTheOptimizer) {
  const std::map<std::string, float> defaults = {
      {"adagrad", 0.1F}, {"rowwise-adagrad", 0.1F}, {"adam", 0.001F}, {"adamw", 0.001F}, {"sgd", 0.01F}};
  for (const auto& [name, rate] : defaults) {
    const auto parsed = parse({"--optimizer", name});
    EXPECT_EQ(parsed.options.training.optimizer.peak_rate(), rate) << name;
    EXPECT_THAT(parsed.settings, testing::Contains(std::pair<std::string, std::string>(
                                     "learning-rate", fmt::format("{}", rate))));
    const auto given = parse({"--optimizer", name, "--learning-rate", "0.1"}).options.training.optimizer;
    EXPECT_EQ(given.learning_rate.peak, 0.1F) << name;
  }
}

TEST(TrainOptions, NameTheNearestOptionForAnUnknownOne) {
  EXPECT_THAT(error_of({"--epoch", "3"}), AllOf(StartsWith("--epoch: "), HasSubstr("mean --epochs?")));
  EXPECT_THAT(error_of({"--learning_rate=1"}), HasSubstr("mean --learning-rate?"));
  EXPECT_THAT(error_of({"-epochs", "3"}), HasSubstr("mean --epochs?"));
  EXPECT_THAT(error_of({"--qwertyuiop"}),
              AllOf(StartsWith("--qwertyuiop: no such option"), HasSubstr("--help")));
}

TEST(TrainOptions, RefuseWhatIsMissingRepeatedOrExtra) {
  EXPECT_THAT(error_of({"--epochs"}),
              AllOf(StartsWith("--epochs: the value is missing"), HasSubstr("--epochs N")));
  EXPECT_THAT(error_of({"--data", "--epochs", "3"}),
              StartsWith("--data: the value is missing before --epochs"));
  EXPECT_THAT(error_of({"--epochs", "3", "--epochs", "4"}),
              AllOf(StartsWith("--epochs 4: "), HasSubstr("once")));
  EXPECT_THAT(error_of({"--epochs", "3", "ml-100k"}), StartsWith("ml-100k: this belongs to no option"));
  EXPECT_THAT(error_of({"--", "ml-100k"}), StartsWith("ml-100k: this belongs to no option"));
}

TEST(TrainOptions, SettingsShowEveryEffectiveValue) {
  const auto settings =
      parse({"--layers", "64,32", "--logq-correction", "--checkpoint-every", "100steps"}).settings;
  const std::map<std::string, std::string> by_name(settings.begin(), settings.end());
  EXPECT_EQ(by_name.size(), settings.size());
  EXPECT_EQ(by_name.at("layers"), "64,32");
  EXPECT_EQ(by_name.at("logq-correction"), "true");
  EXPECT_EQ(by_name.at("remove-accidental-hits"), "false");
  EXPECT_EQ(by_name.at("mask-seen"), "false");
  EXPECT_EQ(by_name.at("checkpoint-every"), "100steps");
  EXPECT_EQ(by_name.at("learning-rate"), "0.1");
  EXPECT_EQ(by_name.at("test-fraction"), "0.2");
  EXPECT_EQ(by_name.at("data"), "built-in synthetic data");
  EXPECT_EQ(by_name.at("query-feature"), "user_id:lookup timestamp:bucketize(1000) timestamp:normalize");
  EXPECT_EQ(by_name.at("progress"), "auto");
}

}  // namespace
}  // namespace gemel::cli
