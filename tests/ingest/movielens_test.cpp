#include "ingest/movielens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "ingest/dataset_reader.hpp"
#include "ingest/string_exchange.hpp"
#include "mpi/agreement.hpp"
#include "support/columns.hpp"
#include "support/data.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::ingest {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class MovieLens : public testing::Test {
 protected:
  /// Reads a data set of these two files on all ranks.
  Dataset read(std::string_view items, std::string_view data) {
    directory_.write("u.item", items);
    directory_.write("u.data", data);
    return MovieLens100kReader().read(directory_.path(), wanted_, bad_lines_, world_);
  }
  /// The message of the data error that this ends in, without the directory's name.
  std::string error_of(std::string_view items, std::string_view data) {
    EXPECT_THROW(read(items, data), mpi::AgreedError);
    const Failure failure = failure_of([&] { read(items, data); });
    EXPECT_EQ(failure.code, base::ExitCode::data);
    std::string message = failure.message;
    const std::string prefix = directory_.path().string() + "/";
    for (auto at = message.find(prefix); at != std::string::npos; at = message.find(prefix)) {
      message.erase(at, prefix.size());
    }
    // All ranks tell the same.
    for (const std::string& other : world_.all_gather(message)) EXPECT_EQ(other, message);
    return message;
  }

  /// A column of the whole catalogue. Collective.
  std::vector<std::string> catalogue_column(const Dataset& dataset, const char* name) {
    const TextColumn& column = dataset.catalogue.strings.at(name);
    EXPECT_EQ(dataset.catalogue.rows, column.size());
    return whole({dataset.catalogue_total, dataset.catalogue_first, column.rows()}, world_);
  }

  static constexpr std::string_view items_ = "1|Toy Story (1995)|x\n7|Caf\xe9|x\n";
  static constexpr std::string_view remedy_ = "Correct the file, or fetch the data set again.";
  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
  WantedColumns wanted_;
  BadLines bad_lines_ = BadLines::fail;
};

TEST_F(MovieLens, ReadsUsersItemsRatingsAndTimes) {
  const Dataset dataset = read(items_, "ann\t7\t3\t100\r\nbob\t1\t5\t-3\n");
  EXPECT_EQ(dataset.name, "MovieLens-100k");
  EXPECT_EQ(dataset.total, 2);
  EXPECT_THAT(catalogue_column(dataset, "item_id"), ElementsAre("1", "7"));
  EXPECT_THAT(catalogue_column(dataset, "title"),
              ElementsAre("Toy Story (1995)", "Caf\xc3\xa9"));  // UTF-8 of what was Latin-1
  EXPECT_THAT(catalogue_column(dataset, "genres"), ElementsAre("", ""));
  const std::vector<std::string> users = {"ann", "bob"};
  const std::vector<std::int64_t> ratings = {3, 5};
  const std::vector<std::int64_t> timestamps = {100, -3};
  const std::vector<std::int32_t> item_rows = {1, 0};
  for (std::size_t i = 0; i < dataset.interactions.rows; ++i) {
    const std::size_t global = static_cast<std::size_t>(dataset.first) + i;
    EXPECT_EQ(dataset.interactions.strings.at("user_id")[i], users.at(global));
    EXPECT_EQ(dataset.interactions.numbers.at("rating")[i], ratings.at(global));
    EXPECT_EQ(dataset.interactions.numbers.at("timestamp")[i], timestamps.at(global));
    EXPECT_EQ(dataset.item_rows[i], item_rows.at(global));
  }
  EXPECT_EQ(world_.sum(static_cast<std::int64_t>(dataset.interactions.rows)), 2);
}

TEST_F(MovieLens, JoinsWhatIsKnownOfUsers) {
  const std::string data = "ann\t7\t3\t100\nbob\t1\t5\t-3\n";
  const Dataset without = read(items_, data);
  directory_.write("u.user", "bob|24|M|technician|85711\nann|53|F|other|94043\n");
  const Dataset unasked = read(items_, data);
  EXPECT_EQ(unasked.content_hash, without.content_hash) << "models that do not use it stay the same";
  EXPECT_THAT(unasked.interactions.unread, ElementsAre("age", "gender", "occupation", "zip_code"));
  wanted_.names = {"age", "occupation"};
  const Dataset joined = read(items_, data);
  EXPECT_NE(joined.content_hash, without.content_hash);
  for (std::size_t i = 0; i < joined.interactions.rows; ++i) {
    const bool is_ann = joined.interactions.strings.at("user_id")[i] == "ann";
    EXPECT_EQ(joined.interactions.numbers.at("age")[i], is_ann ? 53 : 24);
    EXPECT_EQ(joined.interactions.strings.at("occupation")[i], is_ann ? "other" : "technician");
  }
  EXPECT_FALSE(joined.interactions.has("gender"));
}

TEST_F(MovieLens, SkipsBadLinesWhereThatIsAsked) {
  bad_lines_ = BadLines::skip;
  const Dataset dataset = read("1|Heat\n|x\n", "ann\t1\t3\t100\nann\t2\t3\t100\nann\n");
  EXPECT_EQ(dataset.total, 1);
  EXPECT_EQ(dataset.catalogue_total, 1);
}

TEST_F(MovieLens, NamesTheGenresWhoseFieldsAreSet) {
  const std::string start = "|date||url";
  const std::string none = "|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0";
  const std::string items = "1|A" + start + "|1" + none + "\n2|B" + start +
                            "|0|1|0|0|0|1|0|0|0|0|0|0|0|0|0|0|0|0|1\n" + "3|C\n4|D" + start + "\n5|E" +
                            start + "|0" + none + "\n";
  const std::string data = "1\t1\t3\t100\n";
  EXPECT_THAT(catalogue_column(read(items, data), "genres"),
              ElementsAre("unknown", "Action|Comedy|Western", "", "", ""));

  directory_.write("u.genre", "Caf\xe9|0\nFilm Noir|1\n\n");
  EXPECT_THAT(catalogue_column(read("1|A" + start + "|1|1\n2|B" + start + "|0|1\n", data), "genres"),
              ElementsAre("Caf\xc3\xa9|Film Noir", "Film Noir"));
  EXPECT_THAT(error_of("1|A" + start + "|1\n", data),
              HasSubstr("expected 7 fields separated by '|', the last 2 for genres, not 6"));
  EXPECT_THAT(error_of("1|A" + start + "|1|2\n", data),
              StartsWith("u.item:1:17: '2': expected 1 or 0 for genre Film Noir"));
  directory_.write("u.genre", "Action|0\nComedy|2\n");
  EXPECT_THAT(error_of("1|A" + start + "|1|1\n", data),
              StartsWith("u.genre:2:1: 'Comedy|2': expected the name of genre 1 and that number: 'name|1'"));
}

TEST_F(MovieLens, KeepsUtf8AndConvertsLatin1) {
  const std::string data = "1\t1\t3\t100\n";
  const auto titles = [&](std::string_view items) { return catalogue_column(read(items, data), "title"); };
  EXPECT_THAT(titles("1|Am\xc3\xa9lie|\n2|Plain|\n"), ElementsAre("Am\xc3\xa9lie", "Plain"));
  EXPECT_THAT(titles("1|Am\xe9lie|\n2|Plain|\n"), ElementsAre("Am\xc3\xa9lie", "Plain"));
  EXPECT_THAT(titles("\xef\xbb\xbf"
                     "1|Plain|\n"),
              ElementsAre("Plain"));
  EXPECT_THAT(error_of("1|Am\xc3\xa9lie|\n2|Am\xe9lie|\n", data),
              StartsWith("u.item:2:5: '\\xe9': is not UTF-8, though the file has UTF-8 elsewhere."));
  // Users, too, whatever rank has their lines.
  const Dataset dataset = read(items_, "1\t1\t3\t100\n2\t7\t3\t100\n\xe9ve\t1\t3\t100\n");
  const auto users = all_gather_strings(dataset.interactions.strings.at("user_id").rows(), world_).texts();
  EXPECT_THAT(users, ElementsAre("1", "2", "\xc3\xa9ve"));
}

TEST_F(MovieLens, RefusesWhatIsNoText) {
  using namespace std::string_literals;
  const std::string good = "1\t1\t3\t100\n";
  EXPECT_THAT(error_of("1|A\0B|\n"s, good), StartsWith("u.item:1:4: '\\x00': a NUL byte"));
  EXPECT_THAT(error_of("1|A\x01|\n", good), StartsWith("u.item:1:4: '\\x01': a control character"));
  EXPECT_THAT(error_of(items_, good + good + "1\t1\t3\t10\0"s),
              StartsWith("u.data:3:9: '\\x00': a NUL byte"));
  EXPECT_THAT(error_of("\x1f\x8b\x08 and so on", good),
              StartsWith("u.item: byte 4: its gzip data is damaged"));
  EXPECT_THAT(error_of(items_, "\xef\xbb\xbf"), StartsWith("u.data: holds no interactions."));
}

TEST_F(MovieLens, HashesContentAndOrder) {
  const std::uint64_t hash = read(items_, "1\t1\t3\t100\n2\t7\t3\t100\n").content_hash;
  EXPECT_EQ(hash, read(items_, "1\t1\t3\t100\n2\t7\t3\t100\n").content_hash);
  EXPECT_NE(hash, read(items_, "2\t7\t3\t100\n1\t1\t3\t100\n").content_hash);
  EXPECT_NE(hash, read(items_, "1\t1\t3\t100\n2\t7\t3\t101\n").content_hash);
  EXPECT_NE(hash, read("1|A|\n7|Caf\xe9|x\n", "1\t1\t3\t100\n2\t7\t3\t100\n").content_hash);
}

TEST_F(MovieLens, SaysWhichFieldIsWrong) {
  const std::string good = "1\t1\t3\t100\n";
  const std::string end = "\n1 line cannot be used. " + std::string(remedy_);
  EXPECT_EQ(error_of(items_, good + "5\t1\tx7\t100\n"),
            "u.data:2:5: 'x7': expected a rating, a whole number" + end);
  EXPECT_EQ(error_of(items_, "22\t1\t3\t1e5"),
            "u.data:1:8: '1e5': expected a timestamp, a whole number of seconds since 1970" + end);
  EXPECT_EQ(error_of(items_, good + good + "22\t9\t3\t1"),
            "u.data:3:4: '9': expected an item id that u.item has" + end);
  EXPECT_EQ(error_of(items_, "\t1\t3\t1"), "u.data:1:1: '': expected a user id" + end);
  EXPECT_EQ(error_of(items_, good + "1\t2\t3\n" + good),
            "u.data:2:1: '1\\t2\\t3': expected 4 fields separated by tabs (user id, item id, rating, "
            "timestamp), not 3" +
                end);
  EXPECT_THAT(error_of(items_, "1\t1\t3\t4\t5\n"), HasSubstr("timestamp), not 5"));
  EXPECT_THAT(error_of(items_, "1\t1\t3\t99999999999999999999\n"),
              StartsWith("u.data:1:7: '99999999999999999999': exp"));
}

TEST_F(MovieLens, ShowsControlCharactersAndShortensLongText) {
  EXPECT_THAT(error_of(items_, "1\t1\t3\t4\n\x1b[2J\t1\t3\t4"),
              StartsWith("u.data:2:1: '\\x1b': a control character"));
  EXPECT_THAT(error_of(items_, "1\t1\t" + std::string(100, 'y') + "\t4"),
              HasSubstr(": '" + std::string(60, 'y') + "'...: expected"));
  // 'x' and thirty characters of two bytes each: the cut at 60 bytes would fall within one.
  std::string accents = "x";
  for (int i = 0; i < 40; ++i) accents += "\xc3\xa9";
  EXPECT_THAT(error_of(items_, "1\t1\t" + accents + "\t4"),
              HasSubstr(": '" + accents.substr(0, 59) + "'...: expected"));
}

TEST_F(MovieLens, ListsTheFirstTenBadLinesAndCountsTheRest) {
  std::string data;
  std::string expected;
  int bad = 0;
  for (int line = 1; line <= 400; ++line) {
    if (line % 13 == 5) {
      data += "1\t1\tbad\t100\n";
      if (++bad <= 10) {
        expected += "u.data:" + std::to_string(line) + ":5: 'bad': expected a rating, a whole number\n";
      }
    } else {
      data += "1\t1\t3\t100\n";
    }
  }
  EXPECT_EQ(error_of(items_, data),
            expected + "31 lines cannot be used, of which the first 10 are shown. " + std::string(remedy_));
}

TEST_F(MovieLens, FindsFaultsOfTheItemFile) {
  EXPECT_EQ(error_of("1|A|\n2|B|\n1|C|\n2|D|\n", "1\t1\t3\t100\n"),
            "u.item:3:1: '1': expected an item id of its own; line 1 has the same\n"
            "u.item:4:1: '2': expected an item id of its own; line 2 has the same\n"
            "2 lines cannot be used. " +
                std::string(remedy_));
  EXPECT_THAT(error_of("1|A\nabc\n", "1\t1\t3\t100\n"),
              StartsWith("u.item:2:1: 'abc': expected an item id and a title, separated by '|'\n1 line "));
  EXPECT_THAT(error_of("1|A\n|B\n", "1\t1\t3\t100\n"), StartsWith("u.item:2:1: '': expected an item id\n"));
  EXPECT_THAT(error_of("1|A\n22||\n", "1\t1\t3\t100\n"), StartsWith("u.item:2:4: '': expected a title\n"));
  EXPECT_THAT(error_of("", "1\t1\t3\t100\n"), StartsWith("u.item: holds no items."));
}

TEST_F(MovieLens, BlankLinesAndBlanksAroundFieldsAreNoPartOfIt) {
  const Dataset dataset = read("1 |A| x\n\n 7|B |x\n \n", "196 \t7\t3\t100\n\n5\t 1\t 4 \t7 \n\t\n");
  EXPECT_EQ(dataset.total, 2);
  EXPECT_EQ(dataset.first, world_.sum_before(static_cast<std::int64_t>(dataset.interactions.rows)));
  EXPECT_THAT(catalogue_column(dataset, "item_id"), ElementsAre("1", "7"));
  EXPECT_THAT(catalogue_column(dataset, "title"), ElementsAre("A", "B "));
  EXPECT_THAT(all_gather_strings(dataset.interactions.strings.at("user_id").rows(), world_).texts(),
              ElementsAre("196", "5"));
  EXPECT_THAT(error_of(items_, "\n \n"), StartsWith("u.data: holds no interactions."));
  EXPECT_THAT(error_of("\n", "1\t1\t3\t100\n"), StartsWith("u.item: holds no items."));
  EXPECT_THAT(error_of(items_, " \t1\t3\t100\n"), StartsWith("u.data:1:2: '': expected a user id"));
}

TEST_F(MovieLens, RefusesAHeadingAmongTheItems) {
  const std::string data = "1\t1\t3\t100\n";
  EXPECT_THAT(
      error_of("movie id|title|\n1|A|\n2|B|\n", data),
      StartsWith("u.item:1:1: 'movie id': expected an item id, a number like all others; take a heading"));
  EXPECT_THAT(error_of("1|A|\nmovie id|title|\n", data), StartsWith("u.item:2:1: 'movie id': "));
  EXPECT_THAT(catalogue_column(read("tea|A\nmilk|B\n1|C\n", data), "item_id"),
              ElementsAre("tea", "milk", "1"));
  EXPECT_THAT(catalogue_column(read("x9|A\n1|C\n", data), "item_id"), ElementsAre("x9", "1"));
}

TEST_F(MovieLens, NamesTheFileOfGenresThatHoldsNone) {
  directory_.write("u.genre", "\n");
  EXPECT_THAT(error_of(items_, "1\t1\t3\t100\n"), StartsWith("u.genre: holds no genres. "));
}

TEST_F(MovieLens, AByteOrderMarkMeansUtf8) {
  EXPECT_THAT(error_of("\xef\xbb\xbf"
                       "1|Am\xe9lie|\n2|B|\n",
                       "1\t1\t3\t100\n"),
              StartsWith("u.item:1:5: '\\xe9': is not UTF-8, though the file has UTF-8 elsewhere."));
}

TEST_F(MovieLens, RefusesDataWithoutInteractions) {
  EXPECT_THAT(error_of(items_, ""), StartsWith("u.data: holds no interactions."));
}

TEST_F(MovieLens, IsChosenByItsFiles) {
  directory_.write("u.item", items_);
  directory_.write("u.data", "1\t1\t3\t100\n");
  EXPECT_EQ(read_dataset({.directory = directory_.path().string()}, {}, world_).name, "MovieLens-100k");
  EXPECT_EQ(read_dataset({}, {}, world_).name, "synthetic");
}

TEST_F(MovieLens, DirectoriesThatHoldNoneAreErrors) {
  const auto message_for = [&](const std::filesystem::path& path) {
    const Failure failure = failure_of([&] { read_dataset({.directory = path.string()}, {}, world_); });
    EXPECT_EQ(failure.code, base::ExitCode::data);
    EXPECT_THAT(failure.message, StartsWith("--data " + path.string() + ": "));
    return failure.message;
  };
  EXPECT_THAT(message_for(directory_.path() / "nowhere"), HasSubstr("there is no such directory."));
  EXPECT_THAT(message_for(directory_.path()),
              HasSubstr("the directory is empty. Looked for: u.data and u.item (MovieLens"));
  EXPECT_THAT(message_for(directory_.write("u.data", "")),
              HasSubstr("is neither a directory nor prepared data"));
  EXPECT_THAT(
      message_for(directory_.path()),
      AllOf(HasSubstr("no data set of a known format. Looked for: u.data and u.item (MovieLens-100k); "),
            HasSubstr(
                "; *.inter, perhaps *.item (RecBole's atomic files); train.txt and test.txt, perhaps "
                "valid.txt or validation.txt (lists of items by user); one file whose name ends in .csv")));
}

// What every part of a dataset is worth on any number of ranks: the same rows, in the same order, as one rank
// reads.
void expect_block_of_whole(const Dataset& part, const Dataset& whole) {
  EXPECT_EQ(part.total, whole.total);
  EXPECT_EQ(part.content_hash, whole.content_hash);
  ASSERT_LE(static_cast<std::size_t>(part.first) + part.interactions.rows, whole.interactions.rows);
  std::size_t differences = 0;
  for (std::size_t i = 0; i < part.interactions.rows; ++i) {
    const std::size_t global = static_cast<std::size_t>(part.first) + i;
    differences +=
        part.interactions.strings.at("user_id")[i] != whole.interactions.strings.at("user_id")[global];
    differences +=
        part.interactions.numbers.at("rating")[i] != whole.interactions.numbers.at("rating")[global];
    differences +=
        part.interactions.numbers.at("timestamp")[i] != whole.interactions.numbers.at("timestamp")[global];
    differences += part.item_rows[i] != whole.item_rows[global];
  }
  EXPECT_EQ(differences, 0U);
}

TEST(MovieLens100k, IsTheSameOnAnyNumberOfRanks) {
  GEMEL_FIND_DATA(directory, "ml-100k");
  auto world = mpi::Communicator::world();
  auto self = mpi::Communicator::self();
  const Dataset part = read_dataset({.directory = directory.string()}, {}, world);
  const Dataset whole = read_dataset({.directory = directory.string()}, {}, self);
  EXPECT_EQ(world.sum_before(static_cast<std::int64_t>(part.interactions.rows)), part.first);
  EXPECT_EQ(world.sum(static_cast<std::int64_t>(part.interactions.rows)), whole.total);
  expect_block_of_whole(part, whole);
}

TEST(MovieLens100k, HoldsWhatItsReadmeSays) {
  GEMEL_FIND_DATA(directory, "ml-100k");
  auto self = mpi::Communicator::self();
  const Dataset dataset = read_dataset({.directory = directory.string()}, {}, self);
  EXPECT_EQ(dataset.total, 100'000);
  EXPECT_EQ(dataset.interactions.rows, 100'000U);
  EXPECT_EQ(dataset.catalogue.rows, 1682U);
  std::set<std::string_view> users;
  for (std::size_t i = 0; i < 100'000; ++i) users.insert(dataset.interactions.strings.at("user_id")[i]);
  EXPECT_EQ(users.size(), 943U);
  std::set<std::string_view> titles;
  for (std::size_t i = 0; i < 1682; ++i) titles.insert(dataset.catalogue.strings.at("title")[i]);
  EXPECT_EQ(titles.size(), 1664U);
}

TEST(MovieLens100k, EqualsANaiveReading) {
  GEMEL_FIND_DATA(directory, "ml-100k");
  auto self = mpi::Communicator::self();
  const Dataset dataset = read_dataset({.directory = directory.string()}, {}, self);
  std::ifstream file(directory / "u.data");
  std::string user;
  std::string item;
  std::int64_t rating = 0;
  std::int64_t timestamp = 0;
  std::size_t row = 0;
  std::size_t differences = 0;
  for (; file >> user >> item >> rating >> timestamp; ++row) {
    differences += dataset.interactions.strings.at("user_id")[row] != user;
    differences += dataset.interactions.numbers.at("rating")[row] != rating;
    differences += dataset.interactions.numbers.at("timestamp")[row] != timestamp;
    const auto item_row = static_cast<std::size_t>(dataset.item_rows[row]);
    differences += dataset.catalogue.strings.at("item_id")[item_row] != item;
  }
  EXPECT_EQ(row, 100'000U);
  EXPECT_EQ(differences, 0U);
}

}  // namespace
}  // namespace gemel::ingest
