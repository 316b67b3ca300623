#include "gemel/ingest/given_files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "gemel/mpi/agreement.hpp"
#include "ingest/support.hpp"
#include "support/data.hpp"

namespace gemel::ingest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Texts = std::vector<std::string>;

/// The catalogue of all ranks. Collective.
Texts catalogue_of(const Dataset& dataset, mpi::Communicator& communicator) {
  return whole({dataset.catalogue_total, dataset.catalogue_first, dataset.catalogue.strings.at("item_id")},
               communicator);
}

/// "user item", and the number columns in brackets, of each interaction of a part, in the order of the data. Collective.
Texts interactions_of(const Dataset& dataset, Part part, mpi::Communicator& communicator) {
  const Texts items = catalogue_of(dataset, communicator);
  StringColumn own;
  EXPECT_EQ(dataset.interactions.rows, dataset.item_rows.size());
  EXPECT_EQ(dataset.parts.size(), dataset.comes_split ? dataset.item_rows.size() : 0);
  for (std::size_t i = 0; i < dataset.item_rows.size(); ++i) {
    if (dataset.comes_split && dataset.parts[i] != part) continue;
    std::string text(dataset.interactions.strings.at("user_id")[i]);
    text += " " + items.at(static_cast<std::size_t>(dataset.item_rows[i]));
    for (const auto& [name, column] : dataset.interactions.numbers)
      text += fmt::format(" {}={}", name, column.at(i));
    for (const auto& [name, column] : dataset.interactions.decimals)
      text += fmt::format(" {}={}", name, column.at(i));
    own.push_back(text);
  }
  return all_gather_strings(own, communicator).texts();
}

class GivenFilesTest : public testing::Test {
 protected:
  GivenFiles lists(std::string_view train, std::string_view test = "") {
    GivenFiles files;
    files.train = directory_.write("train", train).string();
    if (!test.empty()) files.test = directory_.write("test", test).string();
    return files;
  }
  GivenFiles pairs(std::string_view train, std::string_view test = "") {
    GivenFiles files = lists(train, test);
    files.format = FileFormat::pairs;
    return files;
  }
  Texts train_of(const GivenFiles& files) {
    return interactions_of(read_given_files(files, world_), Part::train, world_);
  }
  std::string error_of(const GivenFiles& files) {
    EXPECT_THROW(read_given_files(files, world_), mpi::AgreedError);
    const Failure failure = failure_of([&] { read_given_files(files, world_); });
    EXPECT_EQ(failure.code, base::ExitCode::data);
    for (const std::string& other : world_.all_gather(failure.message)) EXPECT_EQ(other, failure.message);
    const std::string prefix = directory_.path().string() + "/";
    std::string message = failure.message;
    for (auto at = message.find(prefix); at != std::string::npos; at = message.find(prefix))
      message.erase(at, prefix.size());
    return message;
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  mpi::Communicator self_ = mpi::Communicator::self();
  TemporaryDirectory directory_{world_};
};

TEST_F(GivenFilesTest, ReadsListsOfItemsByUser) {
  const Dataset dataset = read_given_files(lists("ann  7 12\t7 \r\nbob\n\n  cat 9\nann 5"), world_);
  EXPECT_THAT(interactions_of(dataset, Part::train, world_),
              ElementsAre("ann 7", "ann 12", "ann 7", "cat 9", "ann 5"));
  EXPECT_EQ(dataset.name, "train");
  EXPECT_EQ(dataset.total, 5);
  EXPECT_FALSE(dataset.comes_split);
  EXPECT_EQ(dataset.first, world_.sum_before(static_cast<std::int64_t>(dataset.item_rows.size())));
  EXPECT_EQ(dataset.interactions.describe(), "user_id (text)");
  EXPECT_EQ(dataset.catalogue.describe(), "item_id (text)");
}

TEST_F(GivenFilesTest, TheCatalogueHasTheItemsOfAllFilesByTheirHashes) {
  const Dataset dataset = read_given_files(lists("a 1 2 3\nb 2 4", "a 9 8\nc 1"), world_);
  Texts expected = {"1", "2", "3", "4", "8", "9"};
  std::ranges::sort(expected, {}, [](const std::string& text) { return hash_of(text); });
  EXPECT_EQ(catalogue_of(dataset, world_), expected);
  EXPECT_THAT(interactions_of(dataset, Part::train, world_), ElementsAre("a 1", "a 2", "a 3", "b 2", "b 4"));
  EXPECT_THAT(interactions_of(dataset, Part::validation, world_), IsEmpty());
  EXPECT_THAT(interactions_of(dataset, Part::test, world_), ElementsAre("a 9", "a 8", "c 1"));
  EXPECT_EQ(dataset.name, "train, test");
  EXPECT_EQ(dataset.total, 8);
}

TEST_F(GivenFilesTest, ReadsPairsWithWhatTheyHave) {
  EXPECT_THAT(train_of(pairs("u 5\nv\t6\nw, 7\n\n")), ElementsAre("u 5", "v 6", "w 7"));
  EXPECT_THAT(train_of(pairs("u 5 3\nv 6 -4.0")), ElementsAre("u 5 rating=3", "v 6 rating=-4"));
  EXPECT_THAT(train_of(pairs("u 5 3\nv 6 4\nw 7 0.5")),
              ElementsAre("u 5 rating=3", "v 6 rating=4", "w 7 rating=0.5"));
  EXPECT_THAT(train_of(pairs("u,5 x,3,100\r\nv,6,4,-2")),
              ElementsAre("u 5 x rating=3 timestamp=100", "v 6 rating=4 timestamp=-2"));
}

TEST_F(GivenFilesTest, DoesNotDependOnTheNumberOfRanks) {
  std::string train;
  std::string test;
  for (int user = 0; user < 57; ++user) {
    for (std::string* text : {&train, &test}) {
      *text += fmt::format("user{}", user);
      for (int i = 0; i < user * 7 % 5; ++i) *text += fmt::format(" {}", (user * 31 + i * i * 17) % 83);
      *text += "\n";
    }
  }
  const GivenFiles files = lists(train, test);
  const Dataset together = read_given_files(files, world_);
  const Dataset alone = read_given_files(files, self_);
  EXPECT_EQ(together.content_hash, alone.content_hash);
  EXPECT_EQ(together.total, alone.total);
  EXPECT_EQ(catalogue_of(together, world_), catalogue_of(alone, self_));
  for (const Part part : {Part::train, Part::test})
    EXPECT_EQ(interactions_of(together, part, world_), interactions_of(alone, part, self_));
}

TEST_F(GivenFilesTest, HashesContentOrderAndParts) {
  const auto hash = [&](const GivenFiles& files) { return read_given_files(files, world_).content_hash; };
  const std::uint64_t one = hash(lists("a 1 2\nb 3", "a 3"));
  EXPECT_EQ(one, hash(lists("a 1\t2\r\nb 3\n", "a 3\n")));
  EXPECT_NE(one, hash(lists("a 2 1\nb 3", "a 3")));
  EXPECT_NE(one, hash(lists("a 1 2\nb 3\na 3")));
  EXPECT_NE(hash(pairs("a 1 2\nb 3 3")), hash(pairs("a 1 2\nb 3 4")));
  EXPECT_NE(hash(pairs("a 1 2 5\nb 3 3 6")), hash(pairs("a 1 2 5\nb 3 3 7")));
}

TEST_F(GivenFilesTest, SaysWhichLineIsWrong) {
  EXPECT_THAT(
      error_of(pairs("u 5 3 1\nv 6 good 2\nw 7 3 2.5\nx 8")),
      testing::AllOf(StartsWith("train:2:5: 'good': expected a rating, a finite number\n"
                                "train:3:7: '2.5': expected a timestamp, a whole number\n"
                                "train:4:1: 'x 8': expected 4 fields (user, item, rating, timestamp), not 2\n"
                                "3 lines cannot be used. "),
                     HasSubstr("--file-format lists")));
  EXPECT_THAT(error_of(pairs("u,5\n,6\nv,")),
              StartsWith("train:2:1: '': expected a user\ntrain:3:3: '': expected an item\n2 lines"));
  EXPECT_THAT(error_of(pairs("u 5 inf")), HasSubstr("train:1:5: 'inf': expected a rating"));
  EXPECT_THAT(error_of(pairs("alone")),
              HasSubstr("train:1:1: 'alone': expected 2 fields (user, item), not 1"));
  EXPECT_THAT(error_of(pairs("1 2 3 4 5")), HasSubstr("not 5"));
  EXPECT_THAT(error_of(pairs("u 5 3\nv 6 4", "u 6")),
              HasSubstr("test:1:1: 'u 6': expected 3 fields (user, item, rating), not 2"));
}

TEST_F(GivenFilesTest, RefusesFilesWithoutInteractions) {
  EXPECT_THAT(error_of(lists("")), StartsWith("train: holds no interactions."));
  EXPECT_THAT(error_of(lists("a 1", "a\nb\n")), StartsWith("test: holds no interactions."));
  GivenFiles files = lists("a 1");
  files.validation = (directory_.path() / "missing").string();
  EXPECT_THAT(error_of(files), HasSubstr("missing: cannot be opened"));
}

TEST_F(GivenFilesTest, RecognisesADirectoryOfLists) {
  DataOptions options;
  options.directory = directory_.path().string() + "/";
  directory_.write("train.txt", "a 1 2\nb 3");
  EXPECT_THAT(failure_of([&] { read_dataset(options, world_); }).message,
              HasSubstr("Looked for: u.data and u.item (MovieLens-100k); train.txt and test.txt"));
  directory_.write("test.txt", "a 3");
  Dataset dataset = read_dataset(options, world_);
  EXPECT_EQ(dataset.name, directory_.path().filename().string() + " (train.txt, test.txt)");
  EXPECT_THAT(interactions_of(dataset, Part::test, world_), ElementsAre("a 3"));
  directory_.write("valid.txt", "b 2");
  dataset = read_dataset(options, world_);
  EXPECT_EQ(dataset.name, directory_.path().filename().string() + " (train.txt, valid.txt, test.txt)");
  EXPECT_THAT(interactions_of(dataset, Part::validation, world_), ElementsAre("b 2"));
  directory_.write("validation.txt", "b 2");
  EXPECT_THAT(failure_of([&] { read_dataset(options, world_); }).message,
              HasSubstr("holds both valid.txt and validation.txt"));
}

struct RealSplit {
  const char* name;
  std::int64_t users;
  std::int64_t items;
  std::int64_t train;
  std::int64_t test;
};

void expect_counts(const RealSplit& expected) {
  GEMEL_FIND_DATA(directory, expected.name);
  auto world = mpi::Communicator::world();
  DataOptions options;
  options.directory = directory.string();
  const Dataset dataset = read_dataset(options, world);
  EXPECT_EQ(world.sum(std::ranges::count(dataset.parts, Part::train)), expected.train);
  EXPECT_EQ(world.sum(std::ranges::count(dataset.parts, Part::test)), expected.test);
  EXPECT_EQ(dataset.total, expected.train + expected.test);
  EXPECT_EQ(dataset.catalogue_total, expected.items);
  const DistinctStrings users =
      gather_by_owner(distinct_strings(dataset.interactions.strings.at("user_id")), world);
  EXPECT_EQ(world.sum(static_cast<std::int64_t>(users.size())), expected.users);
}

TEST(RealSplits, OfMovieLens1M) {
  expect_counts({"ml-1m-split", 6022, 3043, 796244, 99455});
}
TEST(RealSplits, OfGowalla) {
  expect_counts({"gowalla-split", 29858, 40981, 810128, 217242});
}

}  // namespace
}  // namespace gemel::ingest
