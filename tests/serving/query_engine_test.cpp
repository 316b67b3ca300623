#include "serving/query_engine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <thread>

#include "base/error.hpp"
#include "ingest/history_file.hpp"
#include "model/model_file.hpp"
#include "mpi/agreement.hpp"
#include "report/observer.hpp"
#include "run/trainer.hpp"
#include "serving/recommended_items.hpp"
#include "serving/similar_items.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::serving {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A model that knows what its users have seen: opened by all ranks together for the commands, and by each rank alone for single queries.
class QueryEngineTest : public testing::Test {
 protected:
  QueryEngineTest() {
    options_.data.synthetic = {.users = 60, .items = 90, .interactions = 1500};
    options_.epochs = 2;
    options_.batch_size = 128;
    options_.checkpoint.directory = directory_.path().string();
    options_.checkpoint.store_history = true;
  }

  /// Trains and opens. Collective.
  void open(int threads = 1) {
    report::Observer nobody;
    run::train(options_, world_, nobody);
    together_.emplace(open_by(world_, seen_together_));
    std::optional<SeenItems> seen;
    alone_.emplace(open_by(self_, seen));
    engine_.emplace(*alone_, std::move(seen), threads, self_);
  }

  model::LoadedModel open_by(mpi::Communicator& communicator, std::optional<SeenItems>& seen) {
    const auto reader = model::open_checkpoint(directory_.path(), communicator);
    model::LoadedModel model(*reader);
    seen.emplace(ingest::read_history(*reader, model.catalogue().size()), communicator);
    return model;
  }

  /// The users that the model knows, and one that it does not.
  std::vector<std::string> users() const {
    const ingest::StringColumn& strings = alone_->towers().query().features().front().vocabulary.strings;
    std::vector<std::string> users = {"nobody"};
    for (std::size_t i = 1; i < strings.size(); ++i) users.emplace_back(strings[i]);
    return users;
  }
  static std::vector<NamedValue> query(const std::string& user) {
    return {{"user_id", user}, {"timestamp", "880000000"}};
  }

  /// The lists of all users from the command's path are those of single queries, bit for bit. Collective.
  void expect_lists(std::size_t k, Seen seen) {
    const std::vector<std::string> all = users();
    ingest::StringColumn asked;
    for (const std::string& user : all) asked.push_back(user);
    Recommender recommender(*together_, nullptr, 1, world_);
    const auto queries = queries_of_users(asked, {{"timestamp", "880000000"}}, recommender.encoder());
    RecommendedItems source(recommender, *queries, together_->catalogue(), k, &*seen_together_, seen, world_);
    const ItemLists lists = source.make(0, source.size());  // this rank's part
    EXPECT_EQ(world_.sum(static_cast<std::int64_t>(lists.size())), std::ssize(all));
    for (std::size_t i = 0; i < lists.size(); ++i) {
      const Answer answer =
          engine_->recommend(query(std::string(lists.queries[i])), k,
                             {.allowed = {}, .left_out = {}, .keep_seen = seen == Seen::kept});
      EXPECT_EQ(answer.items, lists.lists[i]) << lists.queries[i];
      EXPECT_EQ(answer.unknown, lists.unknown[i]) << lists.queries[i];
    }
  }

  void expect_similar(std::size_t k, Measure measure) {
    SimilarItems source(*together_, measure, k, std::nullopt, 1, world_);
    const ItemLists lists = source.make(0, source.size());
    const std::int64_t first = world_.sum_before(static_cast<std::int64_t>(lists.size()));
    for (std::size_t i = 0; i < lists.size(); ++i) {
      const auto row = static_cast<std::int32_t>(first + static_cast<std::int64_t>(i));
      EXPECT_EQ(engine_->similar(row, k, measure), lists.lists[i]) << "row " << row;
    }
  }

  std::string refusal(const std::vector<NamedValue>& query, std::size_t k) {
    try {
      engine_->recommend(query, k, {});
    } catch (const mpi::AgreedError& error) {
      EXPECT_EQ(error.code(), base::ExitCode::usage);
      return error.what();
    }
    return "nothing was thrown";
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  mpi::Communicator self_ = mpi::Communicator::self();
  TemporaryDirectory directory_{world_};
  TrainingOptions options_;
  std::optional<SeenItems> seen_together_;
  std::optional<model::LoadedModel> together_;
  std::optional<model::LoadedModel> alone_;
  std::optional<QueryEngine> engine_;
};

TEST_F(QueryEngineTest, AnswersWithTheBitsOfTheCommands) {
  open();
  expect_lists(10, Seen::left_out);
  expect_lists(10, Seen::kept);
  expect_lists(90, Seen::left_out);
  expect_similar(10, Measure::cosine);
  expect_similar(200, Measure::dot);
}

TEST_F(QueryEngineTest, AlsoWithBiasesLayersUnitVectorsAndThreads) {
  options_.model.layers = {65, 16};
  options_.model.normalize = true;
  options_.model.item_bias = true;
  options_.optimizer.average_decay = 0.9F;
  open(/*threads=*/3);
  expect_lists(10, Seen::left_out);
  expect_similar(10, Measure::cosine);
  expect_similar(10, Measure::dot);
}

TEST_F(QueryEngineTest, RanksWhatIsAllowedAndNotLeftOut) {
  open();
  const std::string user = users().back();
  const auto whole =
      engine_->recommend(query(user), 90, {.allowed = {}, .left_out = {}, .keep_seen = true}).items;
  ASSERT_EQ(whole.size(), 90U);
  const auto some =
      engine_->recommend(query(user), 90, {.allowed = {{3, 5, 8, 80}}, .left_out = {1, 5}, .keep_seen = true})
          .items;
  std::vector<RankedItem> expected;
  for (const RankedItem& item : whole)
    if (item.row == 3 || item.row == 8 || item.row == 80) expected.push_back(item);
  EXPECT_EQ(some, expected);
}

TEST_F(QueryEngineTest, FindsRowsOfIds) {
  open();
  const ingest::StringColumn& ids = alone_->catalogue().ids.strings;
  EXPECT_EQ(engine_->row_of(ids[7]), 7);
  EXPECT_EQ(engine_->row_of("none such"), ingest::IdDirectory::no_row);
  const std::vector<std::string> asked = {std::string(ids[9]), "none such", std::string(ids[2]),
                                          std::string(ids[9])};
  EXPECT_THAT(engine_->rows_of(asked), ElementsAre(2, 9));
}

TEST_F(QueryEngineTest, SaysWhatIsWrongWithAQuery) {
  open();
  EXPECT_THAT(refusal(query("1"), 0), HasSubstr("k = 0"));
  EXPECT_THAT(refusal({{"timestamp", "1"}}, 3), HasSubstr("user_id"));
  EXPECT_THAT(refusal({{"usr_id", "1"}}, 3), HasSubstr("usr_id=1"));
  EXPECT_THAT(refusal({{"user_id", "1"}, {"timestamp", "noon"}}, 3), HasSubstr("this column holds numbers"));
}

TEST_F(QueryEngineTest, AnswersManyThreadsAtOnce) {
  open();
  const std::vector<std::string> asked = users();
  std::vector<Answer> expected;
  std::vector<std::vector<RankedItem>> similar;
  for (std::size_t i = 0; i < 8; ++i) {
    expected.push_back(engine_->recommend(query(asked[i]), 10, {}));
    similar.push_back(engine_->similar(static_cast<std::int32_t>(i), 5, Measure::dot));
  }
  std::optional<SeenItems> seen;
  alone_.emplace(open_by(self_, seen));
  engine_.emplace(*alone_, std::move(seen), 1, self_);  // it makes copies of vectors for whoever asks first
  std::vector<int> right(8, 0);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 50; ++round) {
        const Answer answer = engine_->recommend(query(asked[i]), 10, {});
        right[i] +=
            static_cast<int>(answer.items == expected[i].items && answer.unknown == expected[i].unknown);
        right[i] +=
            static_cast<int>(engine_->similar(static_cast<std::int32_t>(i), 5, Measure::dot) == similar[i]);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(right, std::vector<int>(8, 100));
}

}  // namespace
}  // namespace gemel::serving
