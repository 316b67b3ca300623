#include "ingest/training_data.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "ingest/pair_columns.hpp"
#include "mpi/agreement.hpp"
#include "options/settings.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::ingest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TrainingDataTest : public testing::Test {
 protected:
  TrainingOptions options_for(std::string_view train, std::string_view test = "",
                              FileFormat format = FileFormat::pairs) {
    TrainingOptions options;
    options.data.files.train = directory_.write("train", train).string();
    if (!test.empty()) options.data.files.test = directory_.write("test", test).string();
    options.data.files.format = format;
    options.data.test_fraction = 0;
    options.model.adapt_query_features = true;
    options.model.adapt_candidate_features = true;
    return options;
  }
  /// The options as the data settles them.
  TrainingOptions settled(TrainingOptions options) {
    read_data(options, world_);
    return options;
  }
  Failure refusal(const TrainingOptions& options) {
    return failure_of([&] { prepare_data(options, world_); });
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
};

TEST_F(TrainingDataTest, DefaultFeaturesAreIdsWhereTheDataHasNothingElse) {
  TrainingOptions options = settled(options_for("a 1 2\nb 3", "", FileFormat::lists));
  EXPECT_THAT(options.model.query_features, ElementsAre("user_id:lookup"));
  EXPECT_THAT(options.model.candidate_features, ElementsAre("item_id:lookup"));
  EXPECT_THAT(options::data_settings(options),
              testing::IsSupersetOf({std::pair<std::string, std::string>("query-feature", "user_id:lookup"),
                                     {"candidate-feature", "item_id:lookup"},
                                     {"split", "random"}}));
  const TrainingData data = prepare_data(options, world_);
  EXPECT_EQ(data.query_features[0].table_rows(), 3);
  EXPECT_EQ(data.candidate_features[0].table_rows(), 4);
  EXPECT_EQ(data.item_labels.strings, data.item_ids.strings);

  options = settled(options_for("a 1 5 100\nb 3 4 200"));  // with timestamps
  EXPECT_EQ(options.model.query_features, ModelOptions().query_features);
  EXPECT_THAT(options.model.candidate_features, ElementsAre("item_id:lookup"));

  TrainingOptions synthetic;
  synthetic.model.adapt_query_features = true;
  synthetic.model.adapt_candidate_features = true;
  EXPECT_EQ(settled(synthetic).model.query_features, ModelOptions().query_features);
  EXPECT_EQ(settled(synthetic).model.candidate_features, ModelOptions().candidate_features);
}

TEST_F(TrainingDataTest, WithoutLayersIdsAreComparedAndFeaturesOfOtherWidthsRefused) {
  TrainingOptions options = options_for("a 1 2\nb 3", "", FileFormat::lists);
  options.model.layers.clear();
  EXPECT_EQ(settled(options).model.candidate_features, std::vector<std::string>{"item_id:lookup"});
  EXPECT_EQ(prepare_data(options, world_).candidate_features.size(), 1U);
  TrainingOptions synthetic;
  synthetic.model.adapt_query_features = true;
  synthetic.model.adapt_candidate_features = true;
  synthetic.model.layers.clear();
  EXPECT_THAT(refusal(synthetic).message, testing::HasSubstr("--layers none: the query features"));
}

TEST_F(TrainingDataTest, FeaturesThatWereChosenStay) {
  TrainingOptions options = options_for("a 1 2\nb 3", "", FileFormat::lists);
  options.model.adapt_query_features = false;
  const Failure failure = refusal(options);
  EXPECT_EQ(failure.code, base::ExitCode::usage);
  EXPECT_THAT(failure.message,
              HasSubstr("there is no column \"timestamp\". The columns are: user_id (text)."));
}

TEST_F(TrainingDataTest, UnsettledFeaturesAreNoSettingYet) {
  TrainingOptions options = options_for("a 1\nb 3", "b 1");
  EXPECT_THAT(options::result_settings(options), testing::Not(HasSubstr("query-feature")));
  const std::string saved = options::result_settings(settled(options));
  EXPECT_THAT(saved, HasSubstr("user_id:lookup:32"));
  EXPECT_THAT(saved, HasSubstr("\"split\": \"files\""));
  EXPECT_THAT(options::compare_settings("a.h5", saved, options), testing::IsEmpty());
}

TEST_F(TrainingDataTest, CountsThePartsOfTheFiles) {
  const TrainingData data = prepare_data(options_for("a 1\nb 3\na 3\na 3", "b 1\nc 4"), world_);
  EXPECT_EQ(data.identity.train_examples, 4);
  EXPECT_EQ(data.identity.validation_examples, 0);
  EXPECT_EQ(data.identity.test_examples, 2);
  EXPECT_EQ(world_.sum(static_cast<std::int64_t>(data.train.size())), 4);
  EXPECT_EQ(world_.sum(static_cast<std::int64_t>(data.test.size())), 2);
  EXPECT_EQ(data.query_features[0].table_rows(), 3) << "a and b; c, whom training has never met, is unknown";
  std::vector<std::int64_t> counts = data.item_counts;
  std::ranges::sort(counts);
  EXPECT_THAT(counts, ElementsAre(0, 1, 3));  // item 4 is in the test file alone
}

TEST_F(TrainingDataTest, ValidationExamplesAreNeitherTrainedNorTested) {
  TrainingOptions options;
  options.data.validation_fraction = 0.1;
  const TrainingData data = prepare_data(options, world_);
  EXPECT_EQ(data.identity.train_examples, 43200);
  EXPECT_EQ(data.identity.validation_examples, 4800);
  EXPECT_EQ(data.identity.test_examples, 12000);
  EXPECT_EQ(world_.sum(static_cast<std::int64_t>(data.train.size())), 43200);
  EXPECT_EQ(data.first_train_number, world_.sum_before(static_cast<std::int64_t>(data.train.size())));
  EXPECT_EQ(world_.sum(static_cast<std::int64_t>(data.validation.size())), 4800);
  EXPECT_EQ(world_.sum(static_cast<std::int64_t>(data.test.size())), 12000);
  std::int64_t counted = 0;
  for (const std::int64_t count : data.item_counts) counted += count;
  EXPECT_EQ(counted, 43200);
}

TEST_F(TrainingDataTest, TrainingExamplesHaveTheWeightsOfTheirColumn) {
  TrainingOptions options = options_for("a 1 0.5\nb 3 4\nc 5 0", "b 1 -7");
  options.data.weight_column = "rating";
  const TrainingData data = prepare_data(options, world_);
  EXPECT_EQ(data.train.weights.size(), data.train.size());
  EXPECT_TRUE(data.test.weights.empty());
  const std::vector<float> by_number = {0.5F, 4, 0};
  for (std::size_t i = 0; i < data.train.size(); ++i)
    EXPECT_EQ(data.train.weights.at(i), by_number.at(static_cast<std::size_t>(data.first_train_number) + i));
  options.data.weight_column.clear();
  EXPECT_TRUE(prepare_data(options, world_).train.weights.empty());
}

/// User a has three training items, one of them twice, and b two.
TEST_F(TrainingDataTest, MaskedItemsAreThoseOfTheTrainingExamplesOfEveryUser) {
  TrainingOptions options = options_for("a 1 1\nb 3 1\na 5 1\na 1 1\nb 1 1\na 2 1", "a 3 1\nb 2 1");
  options.loss.mask_seen = true;
  TrainingData data = prepare_data(options, world_);
  ASSERT_TRUE(data.seen.has_value());
  ASSERT_EQ(data.seen->users(), 2);
  ASSERT_EQ(data.train.users.size(), data.train.size());
  const std::vector<std::size_t> lengths = {3, 2, 3, 3, 2, 3};
  for (std::size_t i = 0; i < data.train.size(); ++i) {
    const auto of_user = data.seen->items(data.train.users[i]);
    EXPECT_EQ(of_user.size(), lengths.at(static_cast<std::size_t>(data.first_train_number) + i));
    EXPECT_TRUE(data.seen->contains(data.train.users[i], data.train.items[i]));
  }
  for (std::size_t i = 0; i < data.test.size(); ++i)
    EXPECT_FALSE(data.seen->contains(data.test.users.at(i), data.test.items[i]));
  options.loss.mask_seen = false;
  options.exclude_seen = SeenItems::train;
  data = prepare_data(options, world_);
  EXPECT_TRUE(data.seen.has_value());
  EXPECT_TRUE(data.train.users.empty()) << "nothing needs to know them any more";
  options.exclude_seen = SeenItems::none;
  EXPECT_FALSE(prepare_data(options, world_).seen.has_value());
}

TEST_F(TrainingDataTest, TheTestMayLeaveOutValidationItemsToo) {
  TrainingOptions options = options_for("a 1 1\na 2 1\nb 3 1", "a 5 1\nb 6 1");
  options.data.files.validation = directory_.write("validation", "a 3 1\na 2 1\nb 3 1\n").string();
  options.exclude_seen = SeenItems::train;
  TrainingData data = prepare_data(options, world_);
  EXPECT_FALSE(data.seen_before_test.has_value());
  options.exclude_seen = SeenItems::train_and_validation;
  data = prepare_data(options, world_);
  ASSERT_TRUE(data.seen && data.seen_before_test);
  for (std::size_t i = 0; i < data.test.size(); ++i) {
    const std::int32_t user = data.test.users.at(i);
    const bool is_a = data.seen->items(user).size() == 2;  // b has one
    EXPECT_EQ(data.seen_before_test->items(user).size(), is_a ? 3U : 1U);
  }
  options.data.files.validation.clear();
  EXPECT_FALSE(prepare_data(options, world_).seen_before_test.has_value()) << "there are no such items";
}

TEST_F(TrainingDataTest, RefusesWeightsThatAreNone) {
  TrainingOptions options = options_for("a 1 1\nb 3 -2\nc 5 -1");
  options.data.weight_column = "rating";
  Failure failure = refusal(options);
  EXPECT_EQ(failure.code, base::ExitCode::data);
  EXPECT_THAT(failure.message,
              HasSubstr("--weight-column rating: interaction 2 (user b) has the weight -2."));
  options = options_for("a 1 1e39\nb 3 1");  // no float
  options.data.files.columns.fields = parse_pair_columns("user,item,rating");
  options.data.weight_column = "rating";
  EXPECT_THAT(refusal(options).message, HasSubstr("interaction 1 (user a) has the weight inf"));
  options = options_for("a 1 0\nb 3 0");
  options.data.weight_column = "rating";
  EXPECT_THAT(refusal(options).message, HasSubstr("all training examples have the weight 0"));
  options.data.weight_column = "price";
  failure = refusal(options);
  EXPECT_EQ(failure.code, base::ExitCode::usage);
  EXPECT_THAT(failure.message, HasSubstr("Their columns are: user_id (text), rating (number)."));
}

}  // namespace
}  // namespace gemel::ingest
