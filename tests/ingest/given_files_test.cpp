#include "ingest/given_files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "ingest/distinct_strings.hpp"
#include "ingest/line_errors.hpp"
#include "ingest/pair_columns.hpp"
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
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Texts = std::vector<std::string>;

/// The catalogue of all ranks. Collective.
Texts catalogue_of(const Dataset& dataset, mpi::Communicator& communicator) {
  return whole(
      {dataset.catalogue_total, dataset.catalogue_first, dataset.catalogue.strings.at("item_id").rows()},
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
  GivenFiles files(std::string_view train, std::string_view test = "") {
    GivenFiles files;
    files.train = directory_.write("train", train).string();
    if (!test.empty()) files.test = directory_.write("test", test).string();
    return files;
  }
  GivenFiles lists(std::string_view train, std::string_view test = "") {
    GivenFiles given = files(train, test);
    given.format = FileFormat::lists;
    return given;
  }
  GivenFiles pairs(std::string_view train, std::string_view test = "") {
    GivenFiles given = files(train, test);
    given.format = FileFormat::pairs;
    return given;
  }
  GivenFiles pairs_of(std::string_view columns, std::string_view train, std::string_view test = "") {
    GivenFiles given = files(train, test);
    given.columns = parse_columns(columns);
    return given;
  }
  Texts train_of(const GivenFiles& files) {
    return interactions_of(read_given_files(files, {}, world_), Part::train, world_);
  }
  std::string error_of(const GivenFiles& files) {
    EXPECT_THROW(read_given_files(files, {}, world_), mpi::AgreedError);
    const Failure failure = failure_of([&] { read_given_files(files, {}, world_); });
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
  const Dataset dataset = read_given_files(lists("ann  7 12\t7 \r\nbob\n\n  cat 9\nann 5"), {}, world_);
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
  const Dataset dataset = read_given_files(lists("a 1 2 3\nb 2 4", "a 9 8\nc 1"), {}, world_);
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
  EXPECT_THAT(train_of(pairs("u 5\nv  6 \n\tw 7\n\n")), ElementsAre("u 5", "v 6", "w 7"));
  EXPECT_THAT(train_of(pairs("u 5 3\nv 6 -4.0")), ElementsAre("u 5 rating=3", "v 6 rating=-4"));
  EXPECT_THAT(train_of(pairs("u 5 3\nv 6 4\nw 7 0.5")),
              ElementsAre("u 5 rating=3", "v 6 rating=4", "w 7 rating=0.5"));
  EXPECT_THAT(train_of(pairs("u,5 x,3,100\r\nv,6,4,-2")),
              ElementsAre("u 5 x rating=3 timestamp=100", "v 6 rating=4 timestamp=-2"));
  EXPECT_THAT(train_of(pairs("1::1193::5::978300760\n1::661::3::978302109.0\n")),
              ElementsAre("1 1193 rating=5 timestamp=978300760", "1 661 rating=3 timestamp=978302109"));
}

TEST_F(GivenFilesTest, AFileOfPairsHasOneSeparator) {
  EXPECT_THAT(train_of(pairs("u1\tMaroon 5\nu2\tABBA\n")), ElementsAre("u1 Maroon 5", "u2 ABBA"));
  EXPECT_THAT(train_of(pairs("u1\tHello, World\nu2\tA;b\n")), ElementsAre("u1 Hello, World", "u2 A;b"));
  EXPECT_THAT(train_of(pairs("u1;a,b\nu2; c d \n")), ElementsAre("u1 a,b", "u2 c d"));
  EXPECT_THAT(train_of(pairs("u1,a;b\nu2,c\n")), ElementsAre("u1 a;b", "u2 c"));
  EXPECT_THAT(train_of(pairs("u1,\"Hello, \"\"World\"\"\"\n\"u,2\",c\n")),
              ElementsAre("u1 Hello, \"World\"", "u,2 c"));
  EXPECT_THAT(
      error_of(pairs("1;10;4,5\n2;3;1\n")),
      HasSubstr("train:1:6: '4,5': expected a rating, a finite number with a decimal point, not a decimal "
                "comma: 4.5"));
  EXPECT_THAT(error_of(pairs("1 10 4,5\n2 10 3,5\n")),
              StartsWith("train:1:1: '1 10 4': expected a user, not several fields"));
  EXPECT_THAT(error_of(pairs("u1 10 4,5\nu2 10 3,5\n")), StartsWith("train:1:1: 'u1 10 4': expected a user"));
  EXPECT_THAT(error_of(pairs("1,12;15\n2,3;4\n")), StartsWith("train:1:1: '1,12': expected a user"));
  EXPECT_THAT(train_of(pairs_of("user,item", "1 10 4,5\n2 10 3,5\n")), ElementsAre("1 10 4 5", "2 10 3 5"));
  EXPECT_THAT(train_of(pairs("Ann Lee 3,x\nBo,y\n")), ElementsAre("Ann Lee 3 x", "Bo y"));
  EXPECT_THAT(error_of(pairs("u1,\"Hello\nu2,a\n")),
              StartsWith("train:1:4: '\"Hello': expected a closing double quote"));
  EXPECT_THAT(error_of(pairs("u1,\"a\" b\nu2,a\n")),
              StartsWith("train:1:7: ' b': expected the field to end"));
}

/// Reviews with line ends in their texts: the file, and what its interactions are. `shift` moves where ranges of it have their borders.
struct Reviews {
  explicit Reviews(std::size_t shift) {
    for (std::size_t i = 0; i < 60; ++i) {
      std::string text(shift * i % 23, 'x');
      for (std::size_t line = 0; line < i * i % 9; ++line)
        text += line % 2 == 0 ? "\nu9,i9,5\n" : "\r\n\"\"5,\"\"";
      file += fmt::format("u{},\"{}\",i{},{}\n", i % 7, text, i % 11, i % 5);
      interactions.push_back(fmt::format("u{} i{} rating={}", i % 7, i % 11, i % 5));
    }
  }
  std::string file = "user,text,item,rating\n";
  Texts interactions;
};

TEST_F(GivenFilesTest, FieldsInQuotesMayHaveLineEnds) {
  for (std::size_t shift = 0; shift < 23; ++shift) {
    const Reviews reviews(shift);
    EXPECT_EQ(train_of(files(reviews.file)), reviews.interactions) << shift;
    const std::string rows = "u1,\"\n\",i1,3\n" + reviews.file.substr(reviews.file.find('\n') + 1);
    EXPECT_EQ(train_of(pairs_of("user,-,item,rating", rows)).size(), 61) << "without a heading";
  }
}

TEST_F(GivenFilesTest, TextsOfSeveralLinesAreTheSameOnAnyNumberOfRanks) {
  const Reviews reviews(3);
  GivenFiles given = files(reviews.file);
  const WantedColumns wanted{.names = {"text"}};
  const Dataset alone = read_given_files(given, wanted, self_);
  const Dataset dataset = read_given_files(given, wanted, world_);
  EXPECT_EQ(dataset.content_hash, alone.content_hash);
  EXPECT_EQ(all_gather_strings(dataset.interactions.strings.at("text").rows(), world_).texts(),
            alone.interactions.strings.at("text").rows().texts());
  EXPECT_EQ(alone.interactions.strings.at("text")[1], "xxx u9,i9,5 ");
}

TEST_F(GivenFilesTest, DealsOutStreamsWithTextsOfSeveralLines) {
  const Reviews reviews(5);
  const auto path = directory_.path() / "pipe";
  EXPECT_EQ(world_.is_root() ? mkfifo(path.c_str(), 0600) : 0, 0);
  world_.barrier();
  std::jthread writer;
  if (world_.is_root()) writer = std::jthread([&] { std::ofstream(path) << reviews.file; });
  GivenFiles given;
  given.train = path.string();
  EXPECT_EQ(train_of(given), reviews.interactions);
}

TEST_F(GivenFilesTest, AForgottenQuoteCostsItsOwnLineAlone) {
  Reviews reviews(7);
  const auto lines = std::ranges::count(reviews.file, '\n');
  reviews.file += "u1,\"oh,i1,2\nu2,\"\n\",i2,2\nu3,\"a\nb\",i3,many\n";
  EXPECT_THAT(
      error_of(files(reviews.file)),
      StartsWith(fmt::format("train:{}:4: '\"oh,i1,2': expected a closing double quote\n"
                             "train:{}:7: 'many': expected a rating, a finite number\n2 lines cannot be used",
                             lines + 1, lines + 5)));
  GivenFiles given = files(reviews.file);
  given.bad_lines = BadLines::skip;
  reviews.interactions.emplace_back("u2 i2 rating=2");
  EXPECT_EQ(train_of(given), reviews.interactions);
}

TEST_F(GivenFilesTest, BarsSeparateWhatNothingElseDoes) {
  EXPECT_THAT(train_of(files("u1|i1 x|3\nu2|i, y|4\n")), ElementsAre("u1 i1 x rating=3", "u2 i, y rating=4"));
  EXPECT_THAT(train_of(files("user|item\nu1|i1\n")), ElementsAre("u1 i1"));
  EXPECT_THAT(train_of(files("u1|\"a|b\"\nu2|c\n")), ElementsAre("u1 a|b", "u2 c"));
  EXPECT_THAT(train_of(pairs_of("user,item,-", "u1,i1,Action|Comedy\nu2,i2,Drama|War\n")),
              ElementsAre("u1 i1", "u2 i2"));
  EXPECT_THAT(train_of(files("u1 a|b\nu2 c|d\n")), ElementsAre("u1 a|b", "u2 c|d"));
  EXPECT_THAT(error_of(files("user|thing\n1|2\n")),
              StartsWith("train:1:1: 'user|thing': looks like a heading"));
  EXPECT_THAT(error_of(files("u1|i1\nu2|i2|x\n")),
              AllOf(StartsWith("train:1:1: 'u1|i1': "), HasSubstr("bars")));
}

TEST_F(GivenFilesTest, SaysHowItReadsALine) {
  const auto said = [&](std::string_view content) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    try {
      read_given_files(files(content), {}, world_);
    } catch (const mpi::AgreedError&) {
      // Some are refused after it is said how they were read.
    }
    return testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr();
  };
  const auto says = [&](const std::string& text) {
    return world_.is_root() ? HasSubstr(text) : HasSubstr("");
  };
  EXPECT_THAT(said("1;2;4,5\n3;4;1\n"), says("user '1', item '2', rating '4,5'"));
  std::string table = "1;2\n";
  for (int i = 0; i < 20; ++i) table += fmt::format("{};2;3\n", i + 7);
  EXPECT_THAT(said(table), says("pairs, separated by semicolons; line 2: user '7', item '2', rating 3"));
  std::string heading = "item,user";
  std::string line = "1,2";
  for (int i = 0; i < 9998; ++i) {
    heading += fmt::format(",x{}", i);
    line += ",0";
  }
  EXPECT_THAT(said(heading + "\n" + line + "\n"), says("item '1', user '2', 'x0' not used, 'x1' not used"));
  EXPECT_THAT(said(heading + "\n" + line + "\n"), says("'x9' not used, and 9988 more not used"));
  EXPECT_THAT(said("a 1 2\nb\nc 3\nd\n"), says("2 lines are without items, the first: line 2, user 'b'"));
  EXPECT_THAT(said("user,item,time\nu,1,1500000000\nv,1,1500000000.25\nw,1,1.5000000009e9\n"),
              says("2 lines have times with fractions of a second, which are cut off, the first: line 3, "
                   "'1500000000.25'"));
}

TEST_F(GivenFilesTest, TakesTheWholeSecondsOfTimes) {
  EXPECT_THAT(train_of(files("user,item,time\nu,1,1500000000.9\nv,2,1.5e9\nw,3,1500000001.0\nx,4,-1\n")),
              ElementsAre("u 1 timestamp=1500000000", "v 2 timestamp=1500000000", "w 3 timestamp=1500000001",
                          "x 4 timestamp=-1"));
  // These may be dates.
  for (const char* time : {"31.01", "2020.01", "-1500000000.5", "1e300"}) {
    EXPECT_THAT(error_of(files(fmt::format("user,item,time\nu,1,{}\n", time))),
                StartsWith(fmt::format("train:2:5: '{}': expected a timestamp", time)));
  }
}

TEST_F(GivenFilesTest, RefusesIdsThatAreTooLong) {
  const std::string longest(4096, 'x');
  EXPECT_EQ(read_given_files(files("user,item\nu," + longest + "\n"), {}, world_).total, 1);
  EXPECT_THAT(
      error_of(files("user,item\nu," + longest + "x\n")),
      AllOf(StartsWith("train:2:3: 'xxx"), HasSubstr("expected an item of at most 4096 bytes, not 4097")));
  EXPECT_THAT(error_of(files("user,item\nx" + longest + ",i\n")),
              HasSubstr("expected a user of at most 4096"));
  EXPECT_THAT(error_of(lists("u a b\nv a " + longest + "x\n")), HasSubstr("expected an id of at most 4096"));
}

TEST_F(GivenFilesTest, VariantsOfAmazonAreTheirParents) {
  EXPECT_THAT(train_of(files("user_id,asin,parent_asin\nu,a1,a\nv,a2,a\n")), ElementsAre("u a", "v a"));
}

TEST_F(GivenFilesTest, ReadsDatesThatCanBeReadInOneWay) {
  EXPECT_THAT(train_of(files("user,item,time\nu,5,2020-01-01\nv,6,2018-07-07 22:09:11\n")),
              ElementsAre("u 5 timestamp=1577836800", "v 6 timestamp=1531001351"));
  EXPECT_THAT(train_of(files("u,5,2020-01-01\nv,6,2020-01-02T00:00Z\n")),
              ElementsAre("u 5 timestamp=1577836800", "v 6 timestamp=1577923200"));
  EXPECT_THAT(
      error_of(files("user,item,time\nu,5,31.01.2020 12:00\n")),
      HasSubstr("expected a timestamp, a whole number or a date such as 2020-01-31T12:00; is the day"));
  EXPECT_THAT(error_of(files("user,item,time\nu,5,12-x\n")), testing::Not(HasSubstr("is the day")));
}

TEST_F(GivenFilesTest, ReadsJsonLines) {
  // As of Yelp, Goodreads and Amazon.
  EXPECT_THAT(
      train_of(files(R"({"review_id":"r","user_id":"u","business_id":"b","stars":4.0,"text":"a, \"b\"",)"
                     R"("date":"2018-07-07 22:09:11"})"
                     "\n")),
      ElementsAre("u b rating=4 timestamp=1531001351"));
  EXPECT_THAT(
      train_of(files(R"({"user_id": "u", "book_id": "7", "date_added": "Sun Jul 30 07:44:10 -0700 2017"})"
                     "\n"
                     R"({"book_id": "8", "user_id": "v", "date_added": "Sun Jul 30 07:44:11 -0700 2017"})"
                     "\n")),
      ElementsAre("u 7 timestamp=1501425850", "v 8 timestamp=1501425851"));
  EXPECT_THAT(train_of(files(R"({"reviewerID":"u","asin":"B0","overall":5.0,"unixReviewTime":1252800000})")),
              ElementsAre("u B0 rating=5 timestamp=1252800000"));
  EXPECT_THAT(train_of(pairs_of("user=who,item=what.id", R"({"who":1,"what":{"id":"x"}})")),
              ElementsAre("1 x"));
  EXPECT_THAT(error_of(files(R"({"who":1,"item":2})")),
              HasSubstr("or say which of who, item it is: --columns user=NAME,item=NAME"));
  EXPECT_THAT(error_of(files("{\"user\":1,\"item\":2}\n{\"user\":1\n")), StartsWith("train:2:"));
  EXPECT_THAT(error_of(files("{\"user\":1,\"item\":2}\n{\"user\":1}\n")), HasSubstr("expected an item"));
}

TEST(Quote, ShowsWhatCannotBeSeen) {
  EXPECT_EQ(quote("a\xe2\x80\x8b"
                  "b\xc2\xa0"
                  "c\xe2\x80\x8f"),
            "'a\\u200bb\\u00a0c\\u200f'");
  EXPECT_EQ(quote("\xf3\xa0\x80\xa1"), "'\\ue0021'");
  EXPECT_EQ(quote("Am\xc3\xa9lie \xe2\x82\xac \xf0\x9f\x8e\xac"),
            "'Am\xc3\xa9lie \xe2\x82\xac \xf0\x9f\x8e\xac'");
}

TEST_F(GivenFilesTest, EmptyFieldsAreFields) {
  EXPECT_THAT(error_of(pairs("1\t10\t4\t100\n1\t10\t\t100\n")),
              StartsWith("train:2:6: '': expected a rating"));
  EXPECT_THAT(error_of(pairs("1\t10\t4\t100\n\t10\t4\t100\n1\t\t4\t9\n1\t1\t4\t\n")),
              StartsWith("train:2:1: '': expected a user\ntrain:3:3: '': expected an item\n"
                         "train:4:7: '': expected a timestamp"));
}

TEST_F(GivenFilesTest, HeadingsNameTheColumns) {
  EXPECT_THAT(train_of(pairs("user,item\nu,5\nv,6\n")), ElementsAre("u 5", "v 6"));
  EXPECT_THAT(train_of(files("user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t2\t3\t4.0\n")),
              ElementsAre("1 2 rating=3 timestamp=4"));
  EXPECT_THAT(train_of(files("\"ISBN\";\"Note\";\"User-ID\";\"Book-Rating\"\n\"0x\";\"a;b\";\"7\";\"5\"\n")),
              ElementsAre("7 0x rating=5"));
  EXPECT_THAT(train_of(files("\xef\xbb\xbfmovieId,userId\n1,2\n")), ElementsAre("2 1"));
  EXPECT_THAT(
      error_of(files("user,artist_id,track_id\n1,2,3\n")),
      StartsWith("train:1:16: 'track_id' of the heading, like 'artist_id' before it, could be the item."));
  EXPECT_THAT(
      error_of(files("user,item,rating\n1,2,3\nuser,item,rating\n3,4,5\n")),
      StartsWith("train:3:1: 'user': expected an interaction, not a heading in the middle of the file\n"));
  EXPECT_THAT(error_of(pairs("1 2\nuser item\n")), HasSubstr("not a heading in the middle"));
  EXPECT_THAT(error_of(files("user,item,rating\n")),
              StartsWith("train: holds no interactions: there is nothing"));
  EXPECT_THAT(
      error_of(files("user,item\n1,2,3\n")),
      StartsWith("train:2:1: 3 fields, separated by commas, but the heading names 2 of them: user, item."));
  EXPECT_THAT(error_of(files("user items\n1 2 3\n4 5\n")),
              AllOf(StartsWith("train:2:1: 3 fields"), HasSubstr("or take the heading away")));
  EXPECT_THAT(error_of(lists("user_id:token\titem_id:token\n1\t2\n")),
              HasSubstr("Give it with --ratings, or take"));
  for (const FileFormat format : {FileFormat::automatic, FileFormat::lists, FileFormat::pairs}) {
    GivenFiles unknown = files("who what\n1 2\n3 4\n");
    unknown.format = format;
    EXPECT_THAT(error_of(unknown), StartsWith("train:1:1: 'who what': looks like a heading"));
  }
  EXPECT_THAT(error_of(files("# user item\n1 2\n")),
              StartsWith("train:1:1: '# user item': looks like a comment"));
}

TEST_F(GivenFilesTest, AHeadingHoldsForAnotherFileOnlyInTheUsualOrder) {
  const auto test_of = [&](const GivenFiles& given) {
    return interactions_of(read_given_files(given, {}, world_), Part::test, world_);
  };
  EXPECT_THAT(test_of(files("user,item,rating,time\na,u,4,881250949\n", "b,v,5,881250950\n")),
              ElementsAre("b v rating=5 timestamp=881250950"));
  EXPECT_THAT(test_of(files("user,item,price\na,u,4\n", "b,v,5\n")), ElementsAre("b v"));
  EXPECT_THAT(test_of(files("user,shop,item,x,time\na,s,u,1,9\n", "b,s,v,1,8\n")),
              ElementsAre("b v timestamp=8"));
  constexpr std::string_view doubt =
      "test:1:1: has no heading, and nothing shows that its fields are in the order";
  for (const auto& [named, bare] :
       {std::pair{"item user\na1 u1\n", "b v\n"},
        std::pair{"timestamp;rating;item;user\n8812;4;i;u\n", "196,242,3,881250949\n"},
        std::pair{"user,item,rating\na,u,4\n", "b,v,881250949\n"},
        std::pair{"user,item,time,x,rating\na,u,9,x,4\n", "b,v,9,x,4\n"}})
    EXPECT_THAT(error_of(files(named, bare)), AllOf(StartsWith(doubt), HasSubstr("--columns "))) << named;
  GivenFiles given = pairs_of("item,user", "item user\na1 u1\n", "b v\n");
  EXPECT_THAT(test_of(given), ElementsAre("v b"));
}

TEST_F(GivenFilesTest, KnowsHeadingsOfFurtherNames) {
  EXPECT_THAT(train_of(files("Nutzer;Artikel;Bewertung\nu1;i1;4\n")), ElementsAre("u1 i1 rating=4"));
  EXPECT_THAT(train_of(files("Benutzer\tFilm\nanna\tHeat\n")), ElementsAre("anna Heat"));
  EXPECT_THAT(train_of(files("Kunde,Produkt\nanna,brot\n")), ElementsAre("anna brot"));
  EXPECT_THAT(train_of(files("movie,viewer\nm1,v1\n")), ElementsAre("v1 m1"));
  EXPECT_THAT(train_of(files("client_id,sku\nc,s\n")), ElementsAre("c s"));
  EXPECT_THAT(train_of(files("session_id,item_id\ns1,i1\n")), ElementsAre("s1 i1"));
  // A usual name goes before them.
  EXPECT_THAT(train_of(files("session_id,user_id,sku,product_id\ns1,u1,k1,p1\n")), ElementsAre("u1 p1"));
  EXPECT_THAT(error_of(files("client,session,item\nc1,s1,i1\n")),
              StartsWith("train:1:8: 'session' of the heading, like 'client' before it, could be the user."));
}

TEST_F(GivenFilesTest, SuspectsAFirstLineOfOtherWords) {
  for (const char* suspect : {"wer;was\nu1;i1\n", "wer,was,wieviel\nanna,brot,4\nbob,milch,3\n",
                              "who\tartist\nann\tABBA\nbob\tKate\n", "someone book\nann Emma\n",
                              "wer was\nu1 i1 i2\nu2 i3\n", "customer,x1\nann,tea\n"}) {
    for (const FileFormat format : {FileFormat::automatic, FileFormat::pairs}) {
      GivenFiles given = files(suspect);
      given.format = format;
      EXPECT_THAT(error_of(given), AllOf(StartsWith("train:1:1: "), HasSubstr("looks like a heading")))
          << suspect;
    }
  }
  // Words among words, and ids of which some have digits.
  EXPECT_THAT(train_of(files("anna,brot\nbob,milch\n")), ElementsAre("anna brot", "bob milch"));
  EXPECT_THAT(train_of(files("ann,book\nbob,pen\ncat,book\n")),
              ElementsAre("ann book", "bob pen", "cat book"));
  EXPECT_THAT(train_of(files("abc,xyz\na1,x1\nbcd,yyz\n")), ElementsAre("abc xyz", "a1 x1", "bcd yyz"));
  EXPECT_THAT(train_of(files("ann tea\nu1 i1 milk\nbob\n")), ElementsAre("ann tea", "u1 i1", "u1 milk"));
}

TEST_F(GivenFilesTest, RefusesComments) {
  const auto comment_at = [](std::string_view place) {
    return AllOf(StartsWith(place), HasSubstr("looks like a comment"), HasSubstr("grep -v '^ *"));
  };
  EXPECT_THAT(error_of(files("#c\nu1\ti1\n")), comment_at("train:1:1: '#c'"));
  EXPECT_THAT(error_of(files("#user,item\n1,2\n")), comment_at("train:1:1: '#user,item'"));
  EXPECT_THAT(error_of(files("u1 i1 i2\n# a comment\nu2 i2\n")), comment_at("train:2:1: '# a comment'"));
  EXPECT_THAT(error_of(files("u1 i1\nu2 i2\n#u3 i3\n")), comment_at("train:3:1: '#u3 i3'"));
  EXPECT_THAT(error_of(files("user,item\n## c\nu1,i1\n")), comment_at("train:2:1: '## c'"));
  EXPECT_THAT(error_of(files("%x\n%y\nu1 i1\n")), comment_at("train:1:1: '%x'"));
  EXPECT_THAT(error_of(files("// c\nu1 i1\n")), comment_at("train:1:1: '// c'"));
  EXPECT_THAT(train_of(files("#love 1\nann 2\n#art 3\n")), ElementsAre("#love 1", "ann 2", "#art 3"));
  EXPECT_THAT(train_of(files("#a 1\n#b 2\n")), ElementsAre("#a 1", "#b 2"));
  EXPECT_THAT(train_of(files("title,user\n#1 Hit,u1\nHeat,u2\n")), ElementsAre("u1 #1 Hit", "u2 Heat"));
  EXPECT_THAT(train_of(pairs_of("item,user", "# 9,u1\nHeat,u2\n")), ElementsAre("u1 # 9", "u2 Heat"));
  EXPECT_THAT(train_of(files("//4Q 1\nann 2\n")), ElementsAre("//4Q 1", "ann 2"));
  // Beyond the lines that were looked at.
  std::string lines;
  for (int i = 0; i < 1200; ++i) lines += fmt::format("u{} {}\n", i, i % 7);
  for (const FileFormat format : {FileFormat::lists, FileFormat::pairs}) {
    GivenFiles given = files(lines + "# end\n");
    given.format = format;
    EXPECT_THAT(error_of(given), AllOf(StartsWith("train:1201:1: '"), HasSubstr("not a comment\n1 line")));
  }
}

TEST_F(GivenFilesTest, RefusesLinesOfListsWithAnotherSeparator) {
  const auto refused = [](std::string_view places) {
    return AllOf(StartsWith(places), HasSubstr("give --file-format pairs, and one separator in all lines"));
  };
  constexpr std::string_view expected =
      "expected a user and items separated by blanks or tabs, not by other marks\n";
  EXPECT_THAT(
      error_of(files("u1\ti1\nu2,i2\nu3\ti1\nu4,i9\n")),
      refused(fmt::format("train:2:1: 'u2,i2': {}train:4:1: 'u4,i9': {}2 lines", expected, expected)));
  EXPECT_THAT(
      error_of(files("u1,i1,i2\nu2,i1\nu3 i5\nu4 i6 i7\nu5 i1\n")),
      refused(fmt::format("train:1:1: 'u1,i1,i2': {}train:2:1: 'u2,i1': {}2 lines", expected, expected)));
  std::string tabs;
  for (int i = 0; i < 60; ++i) tabs += fmt::format("u{}\ti{}\n", i, i % 9);
  std::string mixed = tabs;
  for (int i = 0; i < 40; ++i) mixed += fmt::format("v{};i{}\n", i, i % 9);
  EXPECT_THAT(error_of(files(mixed)), AllOf(refused("train:61:1: 'v0;i0': "), HasSubstr("40 lines cannot")));
  EXPECT_THAT(error_of(lists("u1 i1\nu2, i2, i3\n")), refused("train:2:1: 'u2,': expected fields separated"));
  // Beyond the lines that were looked at, on whatever rank.
  std::string lines;
  for (int i = 0; i < 1200; ++i) lines += fmt::format("u{} {}{}\n", i, i % 7, i % 2 == 0 ? " 9" : "");
  for (const char* bad : {"u1,i1,i2", "u2;i2", "u::i", "u|i", "{\"user\":1}", "[1]"})
    EXPECT_THAT(error_of(files(lines + bad + "\n")), refused(fmt::format("train:1201:1: '{}': ", bad)))
        << bad;
  // Users without items, and ids with such marks, are none of these.
  EXPECT_THAT(train_of(lists("Lee,Ann 1,5 2\nbob\n")), ElementsAre("Lee,Ann 1,5", "Lee,Ann 2"));
}

TEST_F(GivenFilesTest, ThirdFieldsAreToldByTheirNumbers) {
  EXPECT_THAT(train_of(files("u,5,881250949\nv,6,891717742\n")),
              ElementsAre("u 5 timestamp=881250949", "v 6 timestamp=891717742"));
  EXPECT_THAT(train_of(files("u,5,4.5\nv,6,100000\n")), ElementsAre("u 5 rating=4.5", "v 6 rating=100000"));
  EXPECT_THAT(error_of(files("u,5,4\nv,6,891717742\n")),
              AllOf(StartsWith("train:2:5: '891717742': it and those before it are neither"),
                    HasSubstr("--columns user,item,rating or --columns user,item,timestamp.")));
  EXPECT_THAT(error_of(files("u,5,352698\n")), StartsWith("train:1:5: '352698': "));
  EXPECT_THAT(error_of(files("u,5,881250949.5\n")), StartsWith("train:1:5: '881250949.5': "));
  EXPECT_THAT(
      error_of(files("u,5,881250949,3\nv,6,881250949,4\n")),
      AllOf(StartsWith("train:1:5: '881250949': a time"), HasSubstr("--columns user,item,timestamp,rating")));
  // Beyond the lines that were looked at.
  std::string long_file;
  for (int i = 0; i < 1000; ++i) long_file += fmt::format("u{},{},4\n", i, i % 7);
  EXPECT_THAT(error_of(files(long_file + "v,6,881250949\n")),
              StartsWith("train:1001:5: '881250949': expected a rating of at most 1e5"));
}

TEST_F(GivenFilesTest, ColumnsSayWhatFieldsAre) {
  EXPECT_THAT(train_of(pairs_of("item,-,user,timestamp", "a x u 5\nb y v 6\n")),
              ElementsAre("u a timestamp=5", "v b timestamp=6"));
  EXPECT_THAT(train_of(pairs_of("user,item,rating", "u,5,352698\n")), ElementsAre("u 5 rating=352698"));
  EXPECT_THAT(train_of(pairs_of("user,item,-", "user_id,item_id,date\nu,5,2020-01-01\n")),
              ElementsAre("u 5"));
  EXPECT_THAT(
      error_of(pairs_of("user,item", "u,5,3\n")),
      StartsWith("train:1:1: 3 fields, separated by commas, but --columns names 2 of them: user, item."));
  EXPECT_THAT(
      error_of(pairs("u,5,3,4,x\nv,5,3,4,y\n")),
      AllOf(StartsWith("train:1:1: 'u,5,3,4,x': 5 fields, separated by commas"), HasSubstr("--columns")));
  EXPECT_THAT(error_of(pairs_of("user,item,timestamp", "u,5,31.5\nv,5,1e3\n")),
              StartsWith("train:1:5: '31.5': expected a timestamp, a whole number or a date such as "
                         "2020-01-31T12:00\n1 line"));
}

TEST_F(GivenFilesTest, ColumnsAreSaidByName) {
  const char* text = "when,who,what,stars,device\n5,u,a,3,tv\n6,v,b,4.5,phone\n";
  EXPECT_THAT(train_of(pairs_of("user=who,item=what,time=when,rating=stars", text)),
              ElementsAre("u a timestamp=5 rating=3", "v b timestamp=6 rating=4.5"));
  // What is not said is known by its usual name, as "stars" is, but not one that is taken.
  EXPECT_THAT(train_of(pairs_of("user=who,item=what", text)), ElementsAre("u a rating=3", "v b rating=4.5"));
  EXPECT_THAT(train_of(pairs_of("user=device,item=what", text)),
              ElementsAre("tv a rating=3", "phone b rating=4.5"));
  EXPECT_THAT(
      error_of(pairs_of("user=nobody,item=what", text)),
      StartsWith("train:1:1: there is no column 'nobody' for the user; the first line names when, who, "
                 "what, stars, device."));
  EXPECT_THAT(error_of(pairs_of("user=who", text)), StartsWith("train:1:1: item is missing"));
  for (const char* wrong : {"user=", "who=user", "user=a,user=b", "weight=a,weight=b", "user=a,"})
    EXPECT_THROW(parse_columns(wrong), base::UsageError) << wrong;
  EXPECT_EQ(describe(parse_columns("user=a,item=b,time=c,weight=d")), "user=a,item=b,timestamp=c,weight=d");
}

TEST_F(GivenFilesTest, ReadsOtherColumnsThatAreWanted) {
  const GivenFiles given =
      pairs_of("user=uid,item=sku", "uid,sku,device,price,zip,age\nu,a,tv,1.5,007,30\nv,b,,2,12,41\n");
  const Dataset dataset = read_given_files(given, {.names = {"device", "price", "zip", "age"}}, world_);
  const Columns& columns = dataset.interactions;
  EXPECT_THAT(all_gather_strings(columns.strings.at("device").rows(), world_).texts(), ElementsAre("tv", ""));
  EXPECT_THAT(all_gather_strings(columns.strings.at("zip").rows(), world_).texts(), ElementsAre("007", "12"));
  EXPECT_THAT(world_.all_gather_varying(std::span<const double>(columns.decimals.at("price"))),
              ElementsAre(1.5, 2.0));
  EXPECT_THAT(world_.all_gather_varying(std::span<const std::int64_t>(columns.numbers.at("age"))),
              ElementsAre(30, 41));
  EXPECT_EQ(columns.name_here("uid"), "user_id");
  EXPECT_EQ(columns.name_here("device"), "device");
  const Dataset fewer = read_given_files(given, {.names = {"age"}}, world_);
  EXPECT_THAT(fewer.interactions.unread, ElementsAre("device", "price", "zip"));
  EXPECT_FALSE(fewer.interactions.has("device"));
  EXPECT_NE(fewer.content_hash, dataset.content_hash);
}

TEST_F(GivenFilesTest, ReadsSeveralFilesAsOne) {
  GivenFiles given;
  const std::string heading = "user,item,rating\n";
  directory_.write("part-1.csv", heading + "u,a,1\nv,b,2\n");
  directory_.write("part-2.csv", "rating,item,user\n3,c,u\n");
  directory_.write("part-3.csv", heading + "w,a,4\nw,b,5\nw,c,6\nw,d,7");
  const std::string path = directory_.path().string();
  given.ratings = {path + "/part-?.csv"};
  const Texts expected = {"u a rating=1", "v b rating=2", "u c rating=3", "w a rating=4",
                          "w b rating=5", "w c rating=6", "w d rating=7"};
  EXPECT_EQ(train_of(given), expected);
  const Dataset dataset = read_given_files(given, {}, world_);
  EXPECT_EQ(dataset.name, "part-1.csv, part-2.csv, part-3.csv");
  EXPECT_FALSE(dataset.comes_split);
  given.ratings = {
      directory_.write("one", heading + "u,a,1\nv,b,2\nu,c,3\nw,a,4\nw,b,5\nw,c,6\nw,d,7\n").string()};
  EXPECT_EQ(read_given_files(given, {}, world_).content_hash, dataset.content_hash);

  given.ratings = {path + "/part-1.csv", path + "/part-*.csv"};
  EXPECT_THAT(error_of(given), HasSubstr("part-1.csv: is given twice"));
  given.ratings = {path + "/none-*"};
  EXPECT_THAT(error_of(given), HasSubstr("none that this pattern fits"));
  directory_.write("part-4.csv", heading + "w,a,4\nw,b\n");
  given.ratings = {path + "/part-*.csv"};
  EXPECT_THAT(error_of(given), HasSubstr("part-4.csv:3:1: 'w,b': expected 3 fields"));
  directory_.write("part-4.csv", "user,item,rating,device\nw,a,1,tv\n");
  EXPECT_THAT(failure_of([&] { read_given_files(given, {.names = {"device"}}, world_); }).message,
              HasSubstr("part-1.csv: has no column 'device', which"));
  directory_.write("part-4.csv", "user,item\nw,a\n");
  EXPECT_THAT(error_of(given), HasSubstr("part-4.csv: a line is user, item, while in"));
}

TEST_F(GivenFilesTest, RecognisesTheFormatWhenThereIsNoDoubt) {
  EXPECT_THAT(train_of(files("a 1 2\nb 3\n")), ElementsAre("a 1", "a 2", "b 3"));
  EXPECT_THAT(train_of(files("a\t1 2\nb\t3\n")), ElementsAre("a 1", "a 2", "b 3"));
  EXPECT_THAT(train_of(files("a 1 2 3 4\n")), ElementsAre("a 1", "a 2", "a 3", "a 4"));
  EXPECT_THAT(train_of(files("a 1\nb 2\n")), ElementsAre("a 1", "b 2"));
  EXPECT_THAT(train_of(files("a,1,5\nb,2,4\n")), ElementsAre("a 1 rating=5", "b 2 rating=4"));
  EXPECT_THAT(train_of(files("a\tOne Two\t5\nb\tThree\t4\n")),
              ElementsAre("a One Two rating=5", "b Three rating=4"));
  // One file tells what another does not.
  const Dataset dataset = read_given_files(files("a 1 2\nb 3\n", "a 5 6\nb 6 7\n"), {}, world_);
  EXPECT_THAT(interactions_of(dataset, Part::test, world_), ElementsAre("a 5", "a 6", "b 6", "b 7"));
  EXPECT_THAT(
      error_of(files("a 1 2\nb 3\n", "a,5,6\nb,6,7\n")),
      StartsWith("train: a line is a user and all the user's items, while in test it is one interaction."));
}

TEST_F(GivenFilesTest, RefusesWhatCanBeReadInSeveralWays) {
  constexpr std::string_view both =
      "Give --file-format pairs if a line is one interaction, or --file-format lists";
  const auto doubt = [&](std::string_view content) { return error_of(files(content)); };
  EXPECT_THAT(doubt("1\t2\t3\t881250949\n4\t5\t6\t881250949\n"),
              AllOf(StartsWith("train:1:1: '1\\t2\\t3\\t881250949': 4 fields a line, separated by tabs"),
                    HasSubstr(both)));
  EXPECT_THAT(doubt("1 2 3\n4 5 6\n"),
              AllOf(StartsWith("train:1:1: '1 2 3': 3 fields a line"), HasSubstr(both)));
  EXPECT_THAT(doubt("u1\tMaroon 5\nu2\tABBA\n"),
              AllOf(HasSubstr("several words after the tab"), HasSubstr(both)));
  EXPECT_THAT(doubt("1\t2\t3\t4\t5\n1\t2\t3\t4\t5\n"), HasSubstr("--columns user,item,-,rating,-"));
  EXPECT_THAT(doubt("1 2 4.5 0 7\n4 5 3.5 0 8\n"), HasSubstr("5 fields a line"));
  EXPECT_THAT(doubt("1,2,3\n4,5\n6,7,8,9\n"), HasSubstr("2 to 4 fields a line, separated by commas"));
  EXPECT_THAT(doubt("1,2 3\n4,5 6 7\n"), HasSubstr("several numbers in the second field, after commas"));
  for (const char* packed :
       {"1\t12,15,7\n2\t4,5\n", "1 12,15,7\n2 4,5\n", "1,12;15;7\n2,4;5\n", "1\t12|15\n2\t3|4\n"})
    EXPECT_THAT(doubt(packed), HasSubstr("--file-format lists"));
  // A broken line does not make a table a list.
  std::string table;
  for (int i = 0; i < 40; ++i) table += i == 30 ? "1 2\n" : fmt::format("{} {} 5 881250949\n", i, i * 7);
  EXPECT_THAT(doubt(table), HasSubstr("4 fields a line, separated by blanks"));
}

TEST_F(GivenFilesTest, NamesWhatWasFoundAndTheOptionThatReadsIt) {
  EXPECT_THAT(error_of(lists("1,2,3\n4,5,6\n")),
              AllOf(StartsWith("train:1:1: '1,2,3': holds no interactions as a list"),
                    HasSubstr("3 fields separated by commas: give --file-format pairs")));
  EXPECT_THAT(error_of(pairs("1 2 3 4 5 6\n7 8 9 1 2 3\n")),
              AllOf(StartsWith("train:1:1: '1 2 3 4 5 6': 6 fields, separated by blanks"),
                    HasSubstr("--file-format lists, if a line is a user")));
  EXPECT_THAT(error_of(pairs("1 2 3 4 5 6\n7 8 9 1\n2 3\n")),
              AllOf(StartsWith("train:1:1: '1 2 3 4 5 6': "), HasSubstr("Give --file-format lists.")));
}

TEST_F(GivenFilesTest, RefusesWhatIsNoTextOnWhateverRankItIs) {
  using namespace std::string_literals;
  std::string content;
  for (int i = 0; i < 500; ++i)
    content += fmt::format("u{} {} {}{}\n", i, i % 7, i % 5, i % 2 == 0 ? " 9" : "");
  for (const FileFormat format : {FileFormat::automatic, FileFormat::lists}) {
    const auto refusal = [&](std::string_view text) {
      GivenFiles given = files(text);
      given.format = format;
      return error_of(given);
    };
    EXPECT_THAT(refusal(content + "v 6 7 8\0\n"s), StartsWith("train:501:8: '\\x00': a NUL byte"));
    EXPECT_THAT(refusal(content + "v \x01 7 8\n"), StartsWith("train:501:3: '\\x01': a control character"));
    EXPECT_THAT(refusal(content + "v 6\rw 7\n"), StartsWith("train:501:4: '\\x0d': a carriage return"));
    EXPECT_THAT(refusal("1 2 3\r4 5\r"), StartsWith("train:1:6: '\\x0d': a carriage return"));
    EXPECT_THAT(refusal("\xef\xbb\xbf" + content + "\xef\xbb\xbfv 6\n"),
                StartsWith("train:501:1: '\\xef': a byte order mark"));
    EXPECT_THAT(refusal(" {\n\"user\": 1, \"item\": 2}\n"), StartsWith("train: is JSON"));
    EXPECT_THAT(refusal("[[1, 2]]\n"), StartsWith("train: is JSON"));
    EXPECT_THAT(refusal("1\0 \0002\0\n\0"s), HasSubstr("iconv -f UTF-16LE -t UTF-8"));
    EXPECT_THAT(refusal("\xff\xfe"
                        "1\0 \0002\0\n\0"s),
                HasSubstr("iconv -f UTF-16 -t UTF-8"));
    EXPECT_THAT(refusal("\xff\xfe\0\0"
                        "1\0\0\0"s),
                HasSubstr("iconv -f UTF-32 -t UTF-8"));
    EXPECT_THAT(refusal("\xfd"
                        "7zXZ and so on"),
                HasSubstr("is compressed by xz"));
    EXPECT_THAT(refusal("PAR1\x15\x04"), HasSubstr("pandas.read_parquet"));
  }
  EXPECT_THAT(train_of(files("PAR1 5 6\n[deleted] 7\n")), ElementsAre("PAR1 5", "PAR1 6", "[deleted] 7"));
}

TEST_F(GivenFilesTest, KnowsTheEncodingOfEachFile) {
  std::string latin1;
  std::string utf8;
  std::vector<std::string> expected;
  for (int i = 0; i < 100; ++i) {
    latin1 += fmt::format("u{},{}\n", i, i == 90 ? "caf\xe9" : "tea");
    utf8 += fmt::format("u{},{}\n", i, i == 10 ? "caf\xc3\xa9" : "tea");
    expected.push_back(fmt::format("u{} {}", i, i == 90 ? "caf\xc3\xa9" : "tea"));
  }
  const Dataset dataset = read_given_files(files(latin1, utf8), {}, world_);
  EXPECT_EQ(interactions_of(dataset, Part::train, world_), expected);
  EXPECT_EQ(interactions_of(dataset, Part::test, world_).at(10), "u10 caf\xc3\xa9");
  EXPECT_EQ(dataset.catalogue_total, 2);
  EXPECT_THAT(train_of(files("u\x80,\x92\n")), ElementsAre("u\xe2\x82\xac \xe2\x80\x99"));
  EXPECT_THAT(error_of(files(utf8 + latin1)),
              StartsWith("train:191:8: '\\xe9': is not UTF-8, though the file has"));
  EXPECT_THAT(error_of(files("u\x81,b\n")), StartsWith("train:1:2: '\\x81': is neither UTF-8 nor Latin-1"));
}

TEST_F(GivenFilesTest, ReadsPipesOnce) {
  const GivenFiles whole = files("a 1 2\nb 3\nc 4 5 6\n");
  GivenFiles piped = whole;
  piped.train = (directory_.path() / "pipe").string();
  EXPECT_EQ(world_.is_root() ? mkfifo(piped.train.c_str(), 0600) : 0, 0);
  world_.barrier();
  std::jthread writer;
  if (world_.is_root()) writer = std::jthread([&] { std::ofstream(piped.train) << "a 1 2\nb 3\nc 4 5 6\n"; });
  const Dataset dataset = read_given_files(piped, {}, world_);
  EXPECT_EQ(dataset.content_hash, read_given_files(whole, {}, world_).content_hash);
  EXPECT_THAT(interactions_of(dataset, Part::train, world_),
              ElementsAre("a 1", "a 2", "b 3", "c 4", "c 5", "c 6"));
}

TEST_F(GivenFilesTest, RefusesAPipeGivenTwice) {
  GivenFiles given = files("a 1 2\nb 3\n");
  given.train = (directory_.path() / "pipe").string();
  EXPECT_EQ(world_.is_root() ? mkfifo(given.train.c_str(), 0600) : 0, 0);
  world_.barrier();
  given.validation = (directory_.path() / "." / "pipe").string();
  EXPECT_THAT(error_of(given), AllOf(StartsWith("./pipe: is a pipe"), HasSubstr("given twice")));
  given.train = given.test = "/dev/stdin";
  given.validation.clear();
  EXPECT_THAT(error_of(given), StartsWith("/dev/stdin: is a pipe or other stream that is given twice"));
  // A file can be read twice.
  given = files("a 1 2\nb 3\n");
  given.test = given.train;
  EXPECT_EQ(read_given_files(given, {}, world_).total, 6);
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
  const Dataset together = read_given_files(files, {}, world_);
  const Dataset alone = read_given_files(files, {}, self_);
  EXPECT_EQ(together.content_hash, alone.content_hash);
  EXPECT_EQ(together.total, alone.total);
  EXPECT_EQ(catalogue_of(together, world_), catalogue_of(alone, self_));
  for (const Part part : {Part::train, Part::test})
    EXPECT_EQ(interactions_of(together, part, world_), interactions_of(alone, part, self_));
}

TEST_F(GivenFilesTest, HashesContentOrderAndParts) {
  const auto hash = [&](const GivenFiles& files) { return read_given_files(files, {}, world_).content_hash; };
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
      testing::AllOf(
          StartsWith(
              "train:2:5: 'good': expected a rating, a finite number\n"
              "train:3:7: '2.5': expected a timestamp, a whole number or a date such as 2020-01-31T12:00\n"
              "train:4:1: 'x 8': expected 4 fields (user, item, rating, timestamp) "
              "separated by blanks, not 2\n"
              "3 lines cannot be used. "),
          HasSubstr("--file-format lists")));
  EXPECT_THAT(error_of(pairs("u,5\n,6\nv,")),
              StartsWith("train:2:1: '': expected a user\ntrain:3:3: '': expected an item\n2 lines"));
  EXPECT_THAT(error_of(pairs("u 5 inf")), HasSubstr("train:1:5: 'inf': expected a rating"));
  EXPECT_THAT(error_of(pairs("alone")),
              HasSubstr("train:1:1: 'alone': expected 2 fields (user, item), not 1"));
  EXPECT_THAT(error_of(pairs("1 2 3 4 5")), HasSubstr("5 fields"));
  EXPECT_THAT(error_of(pairs("u 5 3\nv 6 4", "u 6")),
              StartsWith("test: a line is user, item, while in train it is user, item, rating."));
}

TEST_F(GivenFilesTest, SkipsBadLinesWhereThatIsAsked) {
  GivenFiles given = files("user,item,rating\nu,a,1\nv,b,x\nw,c\n,d,2\nz,e,5\n");
  given.bad_lines = BadLines::skip;
  EXPECT_THAT(train_of(given), ElementsAre("u a rating=1", "z e rating=5"));
  given = files("user,item,rating\nv,b,x\n");
  given.bad_lines = BadLines::skip;
  EXPECT_THAT(error_of(given), HasSubstr("holds no interactions"));
}

TEST_F(GivenFilesTest, RecognisesADirectoryWithOneTable) {
  DataOptions options;
  options.directory = directory_.path().string();
  directory_.write("README.txt", "what this is\n");
  directory_.write("ratings_Books.csv",
                   "AH2L9G3DQHHAJ,0000000116,4.0,1019865600\nA2IIIDRK3PRRZY,0000000116,1.0,1395619200\n");
  const Dataset dataset = read_dataset(options, {}, world_);
  EXPECT_THAT(interactions_of(dataset, Part::train, world_),
              ElementsAre("AH2L9G3DQHHAJ 0000000116 rating=4 timestamp=1019865600",
                          "A2IIIDRK3PRRZY 0000000116 rating=1 timestamp=1395619200"));
  directory_.write("meta_Books.jsonl", R"({"title":"Heat","asin":"x"})"
                                       "\n"
                                       R"({"asin":"0000000116"})"
                                       "\n");
  EXPECT_EQ(read_dataset(options, {}, world_).catalogue_total, 2);
  directory_.write("other.csv", "who,what\n1,2\n");
  EXPECT_THAT(failure_of([&] { read_dataset(options, {}, world_); }).message,
              AllOf(HasSubstr("one file whose name ends in .csv"),
                    HasSubstr("/ratings_Books.csv --columns user,item,rating,timestamp would read pairs, "
                              "separated by commas: user 'AH2L9G3DQHHAJ'")));
}

TEST_F(GivenFilesTest, TablesOfADirectoryAreNoLists) {
  DataOptions options;
  options.directory = directory_.path().string();
  directory_.write("implicit_lf_dataset.csv", "1\t7\t1\n2\t8\t3\n");
  EXPECT_THAT(interactions_of(read_dataset(options, {}, world_), Part::train, world_),
              ElementsAre("1 7 rating=1", "2 8 rating=3"));
}

TEST_F(GivenFilesTest, SkipsBadLinesOfDirectories) {
  DataOptions options;
  options.directory = directory_.path().string();
  directory_.write("ratings.csv", "userId,movieId,rating\n1,7,x\n2,8,3\n");
  directory_.write("movies.csv", "movieId,title\n8,Heat\n8,Heat\n");
  EXPECT_EQ(failure_of([&] { read_dataset(options, {}, world_); }).code, base::ExitCode::data);
  options.files.bad_lines = BadLines::skip;
  EXPECT_THAT(interactions_of(read_dataset(options, {}, world_), Part::train, world_),
              ElementsAre("2 8 rating=3"));
}

TEST_F(GivenFilesTest, RecognisesYelp) {
  DataOptions options;
  options.directory = directory_.path().string();
  directory_.write("yelp_academic_dataset_review.json", R"({"user_id":"u","business_id":"b","stars":4.0})"
                                                        "\n");
  directory_.write("yelp_academic_dataset_business.json",
                   R"({"business_id":"b","name":"Bar","hours":{"Monday":"8"}})"
                   "\n");
  directory_.write("yelp_academic_dataset_user.json", R"({"user_id":"u","fans":3})"
                                                      "\n");
  directory_.write("yelp_academic_dataset_tip.json", R"({"user_id":"u","business_id":"b"})"
                                                     "\n");
  const Dataset dataset = read_dataset(options, {.names = {"fans"}}, world_);
  EXPECT_THAT(interactions_of(dataset, Part::train, world_), ElementsAre("u b fans=3 rating=4"));
  EXPECT_FALSE(dataset.catalogue.has("hours"));
  EXPECT_TRUE(dataset.catalogue.has("title"));
}

TEST_F(GivenFilesTest, RefusesFilesWithoutInteractions) {
  EXPECT_THAT(error_of(lists("")), StartsWith("train: holds no interactions: it is empty"));
  EXPECT_THAT(error_of(lists("\n \n")), StartsWith("train: holds no interactions: it is empty"));
  EXPECT_THAT(error_of(lists("a 1", "a\nb\n")),
              AllOf(StartsWith("test: holds no interactions."), HasSubstr("user 'a', no items")));
  EXPECT_THAT(error_of(files("a\nb\n")), StartsWith("train:1:1: 'a': holds no interactions"));
  GivenFiles files = lists("a 1");
  files.validation = (directory_.path() / "missing").string();
  EXPECT_THAT(error_of(files), HasSubstr("missing: cannot be opened"));
}

TEST_F(GivenFilesTest, RecognisesADirectoryOfLists) {
  DataOptions options;
  options.directory = directory_.path().string() + "/";
  directory_.write("train.txt", "a 1 2\nb 3");
  EXPECT_THAT(failure_of([&] { read_dataset(options, {}, world_); }).message,
              AllOf(HasSubstr("Looked for: u.data and u.item (MovieLens-100k); ratings.dat and movies.dat"),
                    HasSubstr("; train.txt and test.txt")));
  directory_.write("test.txt", "a 3");
  Dataset dataset = read_dataset(options, {}, world_);
  EXPECT_EQ(dataset.name, directory_.path().filename().string() + " (train.txt, test.txt)");
  EXPECT_THAT(interactions_of(dataset, Part::test, world_), ElementsAre("a 3"));
  directory_.write("valid.txt", "b 2");
  dataset = read_dataset(options, {}, world_);
  EXPECT_EQ(dataset.name, directory_.path().filename().string() + " (train.txt, valid.txt, test.txt)");
  EXPECT_THAT(interactions_of(dataset, Part::validation, world_), ElementsAre("b 2"));
  directory_.write("validation.txt", "b 2");
  EXPECT_THAT(failure_of([&] { read_dataset(options, {}, world_); }).message,
              HasSubstr("holds both valid.txt and validation.txt"));
}

TEST_F(GivenFilesTest, RefusesADirectoryOfPairs) {
  DataOptions options;
  options.directory = directory_.path().string();
  directory_.write("test.txt", "1 2 3\n4 5 6\n");
  for (const char* pairs :
       {"1\t2\t3\t881250949\n4\t5\t6\t891717742\n", "1,2,3\n4,5,6\n", "1 2 4.5\n3 4 1.0\n"}) {
    directory_.write("train.txt", pairs);
    EXPECT_THAT(failure_of([&] { read_dataset(options, {}, world_); }).message,
                AllOf(HasSubstr("train.txt:1:1: '1"), HasSubstr("looks like one interaction"),
                      HasSubstr("--train-file, --test-file and --file-format pairs")));
  }
  directory_.write("train.txt", "1 2 3\n4 5 6\n");
  EXPECT_EQ(read_dataset(options, {}, world_).total, 8);
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
  const Dataset dataset = read_dataset(options, {}, world);
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
