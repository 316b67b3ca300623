#include "ingest/data_summary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "ingest/dataset_reader.hpp"
#include "ingest/synthetic.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::ingest {
namespace {

using testing::ElementsAre;

constexpr std::int64_t late = 4'000'000'000;

/// 5000 interactions, some of which are copies of others.
Dataset make_data(mpi::Communicator& communicator) {
  Dataset dataset = synthesize({.users = 200, .items = 300, .interactions = 5000, .seed = 9}, communicator);
  for (std::int64_t& time : dataset.interactions.numbers.at("timestamp")) time -= time % 10'000'000;
  return dataset;
}

std::vector<std::int64_t> sorted_counts(const std::map<std::string, std::int64_t>& counts) {
  std::vector<std::int64_t> sorted;
  for (const auto& [id, count] : counts) sorted.push_back(count);
  std::ranges::sort(sorted);
  return sorted;
}

const ColumnSummary& column(const std::vector<ColumnSummary>& columns, const std::string& name) {
  return *std::ranges::find(columns, name, &ColumnSummary::name);
}

TEST(DataSummaryTest, CountsWhatIsThereOnAnyNumberOfRanks) {
  auto world = mpi::Communicator::world();
  auto self = mpi::Communicator::self();
  const DataSummary summary = summarize(make_data(world), late, world);
  const Dataset all = make_data(self);

  std::map<std::string, std::int64_t> users;
  std::map<std::int32_t, std::int64_t> items;
  std::map<std::string, std::set<std::int32_t>> items_of;
  std::set<std::tuple<std::string, std::int32_t, std::int64_t, std::int64_t>> rows;
  const Columns& columns = all.interactions;
  for (std::size_t i = 0; i < all.item_rows.size(); ++i) {
    const std::string user(columns.strings.at("user_id")[i]);
    ++users[user];
    ++items[all.item_rows[i]];
    items_of[user].insert(all.item_rows[i]);
    rows.emplace(user, all.item_rows[i], columns.numbers.at("timestamp")[i], columns.numbers.at("rating")[i]);
  }
  EXPECT_EQ(summary.interactions, 5000);
  EXPECT_EQ(summary.users, std::ssize(users));
  EXPECT_EQ(summary.items, 300);
  EXPECT_EQ(summary.activity.quantiles[3],
            sorted_counts(users)[static_cast<std::size_t>(
                std::max<std::int64_t>(1, (summary.users * 750 + 999) / 1000) - 1)]);
  EXPECT_EQ(summary.popularity.with_none, 300 - std::ssize(items));
  const std::int64_t most = sorted_counts(users).back();
  EXPECT_EQ(summary.user.interactions, most);
  EXPECT_EQ(users.at(summary.user.id), most);
  const auto best = std::ranges::max_element(items, {}, [](const auto& one) { return one.second; });
  EXPECT_EQ(summary.item.interactions, best->second);
  EXPECT_EQ(summary.item.id, all.catalogue.strings.at("item_id")[static_cast<std::size_t>(best->first)]);
  EXPECT_EQ(summary.item.title, all.catalogue.strings.at("title")[static_cast<std::size_t>(best->first)]);
  std::int64_t pairs = 0;
  std::int64_t several = 0;
  for (const auto& [user, distinct] : items_of) {
    pairs += std::ssize(distinct);
    several += distinct.size() > 1 ? 1 : 0;
  }
  EXPECT_EQ(summary.pairs, pairs);
  EXPECT_EQ(summary.users_of_several, several);
  EXPECT_GT(summary.copies, 0);
  EXPECT_EQ(summary.copies, 5000 - std::ssize(rows));
  EXPECT_DOUBLE_EQ(summary.density(),
                   static_cast<double>(pairs) / (300.0 * static_cast<double>(users.size())));
  EXPECT_FALSE(summary.same_ids);

  const auto& times = columns.numbers.at("timestamp");
  EXPECT_EQ(summary.times->first, std::ranges::min(times));
  EXPECT_EQ(summary.times->last, std::ranges::max(times));
  std::map<std::int64_t, std::int64_t> ratings;
  for (const std::int64_t rating : columns.numbers.at("rating")) ++ratings[rating];
  ASSERT_EQ(summary.ratings.size(), ratings.size());
  for (const ValueBin& bin : summary.ratings)
    EXPECT_EQ(bin.values, ratings.at(static_cast<std::int64_t>(bin.least)));
  const ColumnSummary& user = column(summary.interaction_columns, "user_id");
  EXPECT_EQ(user.distinct, summary.users);
  const ColumnSummary& time = column(summary.interaction_columns, "timestamp");
  EXPECT_EQ(time.distinct, std::ssize(std::set(times.begin(), times.end())));
  EXPECT_EQ(time.range->second, static_cast<double>(summary.times->last));
  std::vector<std::string> first;
  for (std::size_t i = 0; first.size() < 3; ++i) {
    const std::string id(columns.strings.at("user_id")[i]);
    if (std::ranges::find(first, id) == first.end()) first.push_back(id);
  }
  EXPECT_EQ(user.examples, first);
}

/// Data of files.
class DescribedFilesTest : public testing::Test {
 protected:
  DataSummary describe(std::string_view train, std::string_view test = "") {
    DataOptions options;
    options.files.train = directory_.write("train", train).string();
    if (!test.empty()) options.files.test = directory_.write("test", test).string();
    options.files.format = FileFormat::pairs;
    return summarize(read_dataset(options, {}, world_), late, world_);
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
};

TEST_F(DescribedFilesTest, NotesOddIdsAndTimes) {
  const DataSummary odd = describe(
      "17.0,x,3,0\n18.0,nan,3,5000000000\nNaN,x,3,600000000\nnull,NULL,3,1000000000\nann,17.0.0,3,0\n");
  EXPECT_EQ(odd.user_ids.like_floats, 2);
  EXPECT_EQ(odd.item_ids.like_floats, 0);
  EXPECT_EQ(odd.user_ids.rows_missing, 2);
  EXPECT_EQ(odd.user_ids.missing, "\"NaN\"");
  EXPECT_EQ(odd.item_ids.rows_missing, 2);
  EXPECT_EQ(odd.times->zeros, 2);
  EXPECT_EQ(odd.times->before_1990, 1);
  EXPECT_EQ(odd.times->in_future, 1);
  EXPECT_THAT(odd.ratings, ElementsAre(ValueBin{3, 3, 5}));
}

TEST_F(DescribedFilesTest, DecimalsOfManyValuesComeInRanges) {
  std::string text;
  for (int i = 0; i <= 100; ++i) text += "a," + std::to_string(i) + "," + std::to_string(i / 20.0) + "\n";
  const DataSummary many = describe(text);
  ASSERT_EQ(many.ratings.size(), 10U);
  EXPECT_EQ(many.ratings.front().least, 0);
  EXPECT_EQ(many.ratings.back().most, 5);
  std::int64_t values = 0;
  for (const ValueBin& bin : many.ratings) values += bin.values;
  EXPECT_EQ(values, 101);
  EXPECT_EQ(many.ratings.back().values, 11);  // 4.5 to 5, with its end
  EXPECT_EQ(column(many.interaction_columns, "rating").distinct, 101);
}

TEST_F(DescribedFilesTest, PartsAreCountedAndPairsOfEachCountApart) {
  const DataSummary split = describe("a 1\na 2\nb 1\na 1\n", "a 1\nc 2\n");
  EXPECT_THAT(split.parts, ElementsAre(4, 0, 2));
  EXPECT_EQ(split.pairs, 5);
  EXPECT_EQ(split.copies, 1);
  EXPECT_EQ(split.users, 3);
  EXPECT_THAT(column(split.interaction_columns, "user_id").examples, ElementsAre("a", "b"));
}

TEST_F(DescribedFilesTest, SeesUsersAndItemsThatAreTheSame) {
  EXPECT_TRUE(describe("a a\nb b\nc c\n").same_ids);
  EXPECT_TRUE(describe("a b\nb c\nc a\n").same_ids);
  EXPECT_FALSE(describe("a a\nb b\nc d\n").same_ids);
}

}  // namespace
}  // namespace gemel::ingest
