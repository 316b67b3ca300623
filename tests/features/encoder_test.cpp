#include "features/encoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "features/featurizer.hpp"
#include "support/columns.hpp"
#include "support/failure.hpp"

namespace gemel::features {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<FeatureSpec> every_kind() {
  std::vector<FeatureSpec> specs;
  for (const char* declaration : {"name:lookup", "title:text(5)", "title:list( )", "title:bias",
                                  "name:hash(7)", "time:hash(7)", "time:bucketize(4)", "time:normalize"})
    specs.push_back(parse_feature(declaration, 8));
  return specs;
}

struct Row {
  const char* name;
  const char* title;
  std::int64_t time;
};

/// This rank's block of the rows.
ingest::Columns blocks_of(const std::vector<Row>& all, const mpi::Communicator& communicator) {
  const std::vector<Row> mine = block_of(all, communicator);
  ingest::Columns columns;
  columns.rows = mine.size();
  for (const char* column : {"name", "title"}) columns.strings[column] = {};
  columns.numbers["time"] = {};
  for (const Row& row : mine) {
    columns.strings["name"].push_back(row.name);
    columns.strings["title"].push_back(row.title);
    columns.numbers["time"].push_back(row.time);
  }
  return columns;
}

const std::vector<Row> learnt = {
    {"ann", "A b", 10}, {"bob", "", 0}, {"ann", "B b c!", 20}, {"[UNK]", "a", 30}};
const std::vector<Row> asked = {{"bob", "b zebra a", 30}, {"zoe", "A b", -5}, {"ann", "", 12},
                                {"[UNK]", "c! c!", 99},   {"", "zebra", 10},  {"ann", "a", 20}};

class EncoderTest : public testing::Test {
 protected:
  mpi::Communicator world_ = mpi::Communicator::world();
  std::vector<FittedFeature> features_ =
      featurize_columns(every_kind(), blocks_of(learnt, world_), world_).features;
};

// What the featuriser makes of other rows when it may not grow is told independently of the encoder: it sorts the rows into the
// vocabulary that it rebuilds.
TEST_F(EncoderTest, EncodesAsTheFeaturiserThatLearnsNothing) {
  const ingest::Columns columns = blocks_of(asked, world_);
  const FeatureRows expected =
      featurize_columns(every_kind(), columns, world_, {.features = &features_, .freeze_vocabulary = true})
          .rows;
  const Encoder encoder(features_, world_);
  for (int again = 0; again < 2; ++again) {
    const FeatureRows rows = encoder.encode(columns);
    EXPECT_EQ(rows.lists, expected.lists);
    EXPECT_EQ(rows.words, expected.words);
    EXPECT_EQ(rows.pool, expected.pool);
  }
}

TEST_F(EncoderTest, RanksMayHaveNoRows) {
  const Encoder encoder(features_, world_);
  const FeatureRows rows = encoder.encode(world_.is_root() ? blocks_of(asked, mpi::Communicator::self())
                                                           : blocks_of({}, mpi::Communicator::self()));
  EXPECT_EQ(rows.size(), world_.is_root() ? asked.size() : 0);
}

TEST_F(EncoderTest, TellsWhichIdsAreUnknown) {
  auto self = mpi::Communicator::self();
  const auto features = featurize_columns(every_kind(), blocks_of(learnt, self), self).features;
  const Encoder encoder(features, self);
  const FeatureRows rows = encoder.encode(blocks_of(asked, self));
  // "[UNK]" occurs among the names that were learnt, and so is a name like others; zoe and "" do not.
  EXPECT_THAT(encoder.unknown_values(rows), ElementsAre(UnknownValue{1, 0}, UnknownValue{4, 0}));
}

TEST_F(EncoderTest, NamesTheColumnsThatItNeeds) {
  const Encoder encoder(features_, world_);
  EXPECT_THAT(encoder.columns(), ElementsAre("name", "title", "time"));
  EXPECT_EQ(encoder.type_of("name"), ColumnType::text);
  EXPECT_EQ(encoder.type_of("time"), ColumnType::number);
}

TEST_F(EncoderTest, RefusesColumnsThatItCannotUse) {
  const Encoder encoder(features_, world_);
  ingest::Columns columns = blocks_of(asked, world_);
  columns.strings.erase("title");
  Failure failure = failure_of([&] { encoder.encode(columns); });
  EXPECT_EQ(failure.code, base::ExitCode::usage);
  EXPECT_EQ(failure.message,
            "feature \"title:text(5):8\": there is no column \"title\". The model was trained with it: give "
            "title too. The columns are: name (text), time (number).");
  columns = blocks_of(asked, world_);
  columns.numbers.erase("time");
  columns.strings["time"] = columns.strings["name"];
  failure = failure_of([&] { encoder.encode(columns); });
  EXPECT_THAT(failure.message, HasSubstr("\"time:bucketize(4):8\": this kind needs a column of numbers"));
}

TEST(EncoderOfOneRank, IsUsedBySeveralThreads) {
  auto self = mpi::Communicator::self();
  const auto features = featurize_columns(every_kind(), blocks_of(learnt, self), self).features;
  const Encoder encoder(features, self);
  const ingest::Columns columns = blocks_of(asked, self);
  const FeatureRows expected = encoder.encode(columns);
  std::vector<int> differ(4, 0);
  std::vector<std::thread> threads;
  for (int& differs : differ) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) differs += encoder.encode(columns).words == expected.words ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(differ, testing::Each(0));
}

}  // namespace
}  // namespace gemel::features
