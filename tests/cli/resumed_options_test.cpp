#include "cli/resumed_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "checkpoint/checkpoint_name.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "cli/parsing.hpp"
#include "mpi/agreement.hpp"
#include "options/settings.hpp"
#include "support/empty_checkpoint.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ResumedOptionsTest : public testing::Test {
 protected:
  /// A run of these options has left a checkpoint, of which only what tells of the run is there.
  void save(const std::string& config, const std::string& options) {
    checkpoint::CheckpointWriter writer(path_, self_);
    writer.attribute("/", "config", config);
    if (!options.empty()) writer.attribute("/run", "options", options);
    writer.attribute("/data", "name", "MovieLens-100k");
    writer.attribute("/data", "interactions", std::int64_t{100000});
    writer.attribute("/data", "train_examples", std::int64_t{80000});
    writer.attribute("/data", "test_examples", std::int64_t{20000});
    writer.attribute("/data", "content_hash", std::uint64_t{7});
    TrainingOptions known;  // where the settings are none that this version knows
    try {
      known = options::saved_training_options("", config);
    } catch (const base::CheckpointError&) {
    }
    write_empty_state(writer, known);
    writer.commit();
  }
  void save(const Arguments& arguments) {
    const TrainingOptions options = parse(arguments).options.training;
    save(options::result_settings(options), options::run_settings(options));
  }
  /// The options of a run that goes on from it with these arguments.
  TrainingOptions resume(Arguments arguments) {
    arguments.insert(arguments.end(), {"--checkpoint-dir", directory_.path().string(), "--resume", "auto"});
    return parse(arguments).options.training;
  }
  /// Both kinds of settings, and where the data is.
  static std::string all_of(const TrainingOptions& options) {
    return options::result_settings(options) + options::run_settings(options);
  }

  mpi::Communicator self_ = mpi::Communicator::self();
  TemporaryDirectory directory_{self_};
  const std::filesystem::path path_ = directory_.path() / checkpoint::CheckpointName{1, 40}.file_name();
};

TEST_F(ResumedOptionsTest, NothingHasToBeGivenAgain) {
  const std::vector<Arguments> runs = {
      {},
      {"--data", "somewhere/ml-100k", "--layers", "none", "--normalize", "--query-feature",
       "user_id:lookup:12", "--candidate-feature", "item_id:lookup:8", "--candidate-feature",
       "genre:list(,):4", "--embedding-dim", "16", "--item-bias", "--embedding-range", "0.001"},
      {"--train-file", "train.txt", "--file-format", "pairs", "--columns", "user,item,-,timestamp", "--split",
       "leave-last-two-out", "--weight-column", "rating"},
      {"--train-file", "train.txt", "--test-file", "/there/test.txt", "--validation-fraction", "0.125"},
      {"--min-rating", "3.5", "--since", "1997-10-01", "--until", "883612800", "--duplicates", "last",
       "--k-core", "item=5,user=3"},
      {"--split", "k-fold", "--folds", "7", "--fold", "3", "--split-seed", "18446744073709551615"},
      {"--synthetic-users",
       "50",
       "--synthetic-items",
       "60",
       "--synthetic-interactions",
       "700",
       "--top-k",
       "3,30",
       "--metrics",
       "mrr,recall",
       "--monitor",
       "recall-30",
       "--patience",
       "4",
       "--keep-best",
       "--keep",
       "5",
       "--validate-every",
       "2",
       "--checkpoint-every",
       "25steps",
       "--epochs",
       "17"},
      {"--optimizer",
       "adamw",
       "--learning-rate-schedule",
       "cosine",
       "--warmup-steps",
       "3",
       "--final-learning-rate-share",
       "0.1",
       "--beta-1",
       "0.8",
       "--weight-decay",
       "1e-5",
       "--clip-norm",
       "0.3",
       "--average-weights",
       "0.999",
       "--seed",
       "18446744073709551615",
       "--lanes",
       "4"},
      {"--optimizer",
       "sgd",
       "--momentum",
       "0.9",
       "--extra-negatives",
       "8",
       "--negative-distribution",
       "popularity",
       "--negative-power",
       "0.7",
       "--logq-correction",
       "--logq-strength",
       "0.3",
       "--remove-accidental-hits",
       "--mask-seen",
       "--hard-negatives",
       "9",
       "--partition-weight",
       "1.2",
       "--learned-temperature",
       "--temperature",
       "0.07",
       "--label-smoothing",
       "0.1",
       "--loss-reduction",
       "mean",
       "--dropout",
       "0.1",
       "--layers",
       "8,4",
       "--query-dropout",
       "0.2",
       "--candidate-dropout",
       "0.3",
       "--unknown-share",
       "0.1",
       "--embedding-l2",
       "0.01",
       "--batch-size",
       "77",
       "--test-fraction",
       "0.3"},
  };
  for (const Arguments& arguments : runs) {
    std::filesystem::remove(path_);
    save(arguments);
    const TrainingOptions before = parse(arguments).options.training;
    const TrainingOptions resumed = resume({});
    EXPECT_EQ(resumed.checkpoint.resume, path_.string());
    // Features that the data might yet have settled, and splits, are known by now.
    TrainingOptions settled = before;
    settled.model.adapt_query_features = resumed.model.adapt_query_features;
    settled.model.adapt_candidate_features = resumed.model.adapt_candidate_features;
    settled.data.is_split_settled = resumed.data.is_split_settled;
    if (before.model.adapt_query_features) settled.model.query_features = resumed.model.query_features;
    if (before.model.adapt_candidate_features)
      settled.model.candidate_features = resumed.model.candidate_features;
    EXPECT_EQ(all_of(resumed), all_of(settled)) << testing::PrintToString(arguments);
  }
}

TEST_F(ResumedOptionsTest, WhatIsGivenChanges) {
  save({"--data", "ml-100k", "--layers", "64,32", "--epochs", "5", "--learning-rate", "0.5", "--monitor",
        "top-100", "--keep-best", "--weight-column", "rating"});
  std::ofstream(directory_ / "run.ini") << "epochs = 7\nlayers = 16\n";
  const TrainingOptions resumed =
      resume({"--config", (directory_ / "run.ini").string(), "--layers", "8", "--monitor", "none",
              "--keep-best=false", "--weight-column", "none"});
  EXPECT_EQ(resumed.epochs, 7);
  EXPECT_THAT(resumed.model.layers, ElementsAre(8U));  // compare_settings refuses that
  EXPECT_EQ(resumed.optimizer.learning_rate.peak, 0.5F);
  EXPECT_EQ(resumed.monitor, "");
  EXPECT_FALSE(resumed.checkpoint.keep_best);
  EXPECT_EQ(resumed.data.weight_column, "");
  EXPECT_EQ(resumed.data.directory, std::filesystem::absolute("ml-100k").string());
}

TEST_F(ResumedOptionsTest, WhereDataIsNamedTheRunIsDescribedAnew) {
  save({"--data", "ml-100k", "--layers", "64,32", "--epochs", "5"});
  for (const Arguments& named :
       {Arguments{"--data", "other"}, {"--train-file", "other"}, {"--synthetic-interactions", "9"}}) {
    const TrainingOptions resumed = resume(named);
    EXPECT_EQ(resumed.checkpoint.resume, path_.string());
    EXPECT_THAT(resumed.model.layers, ElementsAre(32U));
    EXPECT_EQ(resumed.epoch_count(), 300);
    EXPECT_NE(resumed.data.directory, std::filesystem::absolute("ml-100k").string());
  }
}

TEST_F(ResumedOptionsTest, OtherFilesBesideTheSameTrainingFileAreTaken) {
  save({"--train-file", "train.txt", "--test-file", "test.txt", "--file-format", "pairs"});
  const TrainingOptions resumed = resume({"--test-file", "later.txt"});
  EXPECT_EQ(resumed.data.files.train, std::filesystem::absolute("train.txt").string());
  EXPECT_EQ(resumed.data.files.test, "later.txt");
  EXPECT_EQ(resumed.data.files.format, FileFormat::pairs);
  EXPECT_EQ(resumed.data.split, SplitKind::files);
}

TEST_F(ResumedOptionsTest, AnotherWidthOfEmbeddingsIsNotPassedOver) {
  save({"--data", "ml-100k"});
  const TrainingOptions resumed = resume({"--embedding-dim", "16"});
  EXPECT_TRUE(resumed.model.adapt_query_features);
  EXPECT_EQ(resumed.model.embedding_dim, 16U);
}

TEST_F(ResumedOptionsTest, WhatDoesNotFitWithTheCheckpointsOptionsIsRefused) {
  save({"--data", "ml-100k", "--logq-correction"});
  try {
    resume({"--negatives", "catalogue"});
    ADD_FAILURE() << "no error";
  } catch (const base::UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--logq-correction true: with --negatives catalogue"));
  }
  EXPECT_FALSE(resume({"--negatives", "catalogue", "--logq-correction=false"}).loss.logq_correction);
}

TEST_F(ResumedOptionsTest, WhatDoesNotFitWithTheCheckpointsFilesIsRefused) {
  const auto refusal = [&](const Arguments& arguments) -> std::string {
    try {
      resume(arguments);
    } catch (const base::UsageError& error) {
      return error.what();
    }
    return "no error";
  };
  save({"--train-file", "train.csv", "--columns", "timestamp,item,user"});
  EXPECT_THAT(refusal({"--file-format", "lists"}),
              AllOf(HasSubstr("--columns timestamp,item,user: "), HasSubstr("give --file-format pairs")));
  EXPECT_EQ(resume({"--file-format", "pairs"}).data.files.columns.fields.describe(","),
            "timestamp,item,user");
  std::filesystem::remove(path_);
  save({"--train-file", "train.txt", "--file-format", "lists", "--validation-file", "v", "--test-file", "t"});
  EXPECT_THAT(refusal({"--columns", "user,item"}),
              AllOf(HasSubstr("--columns user,item: "), HasSubstr("--file-format lists"),
                    HasSubstr("give --file-format pairs")));
  EXPECT_EQ(resume({"--columns", "user,item", "--file-format", "pairs"}).data.files.format,
            FileFormat::pairs);
  EXPECT_THAT(refusal({"--split", "time"}), HasSubstr("name the data anew without them"));
  EXPECT_THAT(refusal({"--validation-fraction", "0.1"}), HasSubstr("name the data anew without it"));
}

TEST_F(ResumedOptionsTest, ItIsKnownWhoNamedTheData) {
  save({"--train-file", "/there/train.txt", "--validation-file", "/there/valid.txt"});
  Arguments arguments = {
      "--checkpoint-dir", directory_.path().string(), "--resume", "auto", "--test-file", "t"};
  const std::vector<NamedPath> data = parse(arguments).data;
  const std::vector<NamedPath> expected = {{"train-file", "/there/train.txt", true},
                                           {"validation-file", "/there/valid.txt", true},
                                           {"test-file", "t", false}};
  EXPECT_EQ(data, expected);
}

TEST_F(ResumedOptionsTest, AnOlderCheckpointThatDoesNotNameItsDataIsRefused) {
  save(R"({"layers": [64, 32]})", "");
  try {
    resume({});
    ADD_FAILURE() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::ExitCode::usage);
    EXPECT_THAT(error.what(), AllOf(HasSubstr(path_.string()),
                                    HasSubstr("MovieLens-100k, 100000 interactions"), HasSubstr("--data")));
  }
  EXPECT_EQ(resume({"--data", "ml-100k"}).data.directory, "ml-100k");
}

TEST_F(ResumedOptionsTest, AnotherVersionsOptionsArePassedOverAndItsValuesAreNot) {
  save(R"({"data": "/d", "wings": 2})", "{}");
  EXPECT_EQ(resume({}).data.directory, "/d");
  std::filesystem::remove(path_);
  save(R"({"data": "/d", "optimizer": "magic"})", "{}");
  try {
    resume({});
    ADD_FAILURE() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::ExitCode::checkpoint);
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr(path_.string()), HasSubstr("optimizer = magic"), HasSubstr("adagrad")));
  }
}

TEST_F(ResumedOptionsTest, AnEmptyDirectoryBeginsAfreshWithDataThatIsNamed) {
  const TrainingOptions fresh = resume({"--epochs", "3", "--data", "there"});
  EXPECT_EQ(fresh.checkpoint.resume, "auto");
  EXPECT_EQ(fresh.data.directory, "there");
  EXPECT_EQ(resume({"--synthetic-users", "9"}).data.synthetic.users, 9);
  // Without, a mistyped directory would train the built-in data.
  EXPECT_THROW(resume({"--epochs", "3"}), mpi::AgreedError);
}

}  // namespace
}  // namespace gemel::cli
