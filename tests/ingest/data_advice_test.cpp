#include "ingest/data_advice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gemel::ingest {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

/// 10000 interactions with nothing wrong.
DataSummary sound() {
  DataSummary data;
  data.interactions = data.pairs = 10'000;
  data.users = data.activity.things = 500;
  data.items = data.popularity.things = 300;
  data.users_of_several = 500;
  data.user = {"u", "", 100};
  data.item = {"i", "", 200};
  data.times = TimeSummary{1'000'000'000, 1'600'000'000};
  data.ratings = {{1, 1, 4000}, {2, 2, 6000}};
  return data;
}

auto mistake(const std::string& what, const std::string& remedy) {
  return AllOf(Field(&Mistake::what, HasSubstr(what)), Field(&Mistake::remedy, HasSubstr(remedy)));
}

/// Of sound data that `spoil` has changed.
template <class Spoil>
std::vector<Mistake> mistakes_with(Spoil spoil) {
  DataSummary data = sound();
  spoil(data);
  return find_mistakes(data);
}

TEST(DataAdvice, SoundDataHasNoMistakes) {
  EXPECT_THAT(find_mistakes(sound()), IsEmpty());
}

TEST(DataAdvice, TellsTimesThatAreNone) {
  const auto with_last = [](std::int64_t last) {
    return mistakes_with([&](DataSummary& data) { data.times->last = last, data.times->in_future = 10'000; });
  };
  EXPECT_THAT(with_last(1'600'000'000'000),
              ElementsAre(mistake("are milliseconds", "Divide them by 1000 where")));
  EXPECT_THAT(with_last(1'600'000'000'000'000), ElementsAre(mistake("are microseconds", "by 1000000 where")));
  EXPECT_THAT(with_last(1'600'000'000'000'000'000),
              ElementsAre(mistake("are nanoseconds", "by 1000000000 w")));
  EXPECT_THAT(with_last(4'102'444'800),
              ElementsAre(mistake("in the future, the last one 2100-01-01", "--until")));
  EXPECT_THAT(
      mistakes_with([](DataSummary& data) { data.times->last = data.times->first; }),
      ElementsAre(mistake("at the same time, 2001-09-09T01:46:40", "--query-feature user_id:lookup")));
  EXPECT_THAT(mistakes_with([](DataSummary& data) { data.times->zeros = 500; }),
              ElementsAre(mistake("500 of 10000 interactions (5.0 %) have the timestamp 0", "--since 1")));
  EXPECT_THAT(mistakes_with([](DataSummary& data) { data.times->first = 7, data.times->before_1990 = 3; }),
              ElementsAre(mistake("before 1990, the first one 1970-01-01T00:00:07", "--columns")));
}

TEST(DataAdvice, TellsOddIds) {
  EXPECT_THAT(mistakes_with([](DataSummary& data) { data.item_ids.like_floats = 299; }),
              ElementsAre(mistake("299 of 300 item ids are whole numbers that end in .0", "Int64")));
  EXPECT_THAT(mistakes_with([](DataSummary& data) {
                data.user_ids = {0, 20, "\"nan\""};
              }),
              ElementsAre(mistake("(0.2 %) have no user: its id is \"nan\"", "count as one user")));
  EXPECT_THAT(mistakes_with([](DataSummary& data) { data.same_ids = true; }),
              ElementsAre(mistake("users and items are the same 500 ids", "--columns")));
  EXPECT_THAT(
      mistakes_with([](DataSummary& data) { data.same_ids = true, data.pairs = data.interactions = 500; }),
      testing::Contains(mistake("every one of the 500 users has one item", "--columns")));
}

TEST(DataAdvice, TellsWhatHasTooMuchOrTooLittle) {
  EXPECT_THAT(mistakes_with([](DataSummary& data) {
                data.user = {"robot", "", 1200};
              }),
              ElementsAre(mistake("one user, \"robot\", has 1200 of 10000", "robot")));
  EXPECT_THAT(mistakes_with([](DataSummary& data) { data.item.interactions = 5001; }),
              ElementsAre(mistake("one item, \"i\", has 5001 of 10000 interactions (50.0 %)", "bag")));
  EXPECT_THAT(mistakes_with([](DataSummary& data) { data.users = 50, data.user.interactions = 1200; }),
              IsEmpty());
  EXPECT_THAT(mistakes_with([](DataSummary& data) { data.activity.with_one = 460; }),
              ElementsAre(mistake("460 of 500 users (92.0 %) have one", "sessions")));
  EXPECT_THAT(mistakes_with([](DataSummary& data) { data.popularity.with_none = 200; }),
              ElementsAre(mistake("200 of 300 items (66.7 %) have no interaction", "--k-core item=1")));
}

TEST(DataAdvice, TellsRatingsAndRepeats) {
  EXPECT_THAT(mistakes_with([](DataSummary& data) {
                data.ratings = {{5, 5, 10'000}};
              }),
              ElementsAre(mistake("all ratings are 5", "--min-rating")));
  EXPECT_THAT(mistakes_with([](DataSummary& data) {
                data.ratings = {{0, 0, 6000}, {1, 1, 2000}, {2, 2, 2000}};
              }),
              ElementsAre(mistake("6000 of 10000 interactions (60.0 %) have the rating 0", "not rated")));
  EXPECT_THAT(mistakes_with([](DataSummary& data) { data.pairs = 9000; }),
              ElementsAre(mistake("1000 of 10000 interactions (10.0 %) repeat", "--duplicates first")));
  EXPECT_THAT(mistakes_with([](DataSummary& data) { data.pairs = 9000, data.copies = 900; }),
              ElementsAre(mistake("900 of 10000 interactions (9.0 %) are copies", "--duplicates first")));
}

TEST(DataAdvice, SuggestsWhatFitsTheData) {
  EXPECT_THAT(advise(sound(), false).options, ElementsAre("--split", "leave-last-out", "--epochs", "10"));
  EXPECT_EQ(advise(sound(), false).ranks, 1);
  DataSummary data = sound();
  data.interactions = 1'000'000;  // most of them repeat a pair
  data.activity.with_one = 300;
  data.users_of_several = 200;
  EXPECT_THAT(advise(data, false).options, ElementsAre("--duplicates", "first", "--k-core", "user=2",
                                                       "--split", "time", "--epochs", "10"));
  EXPECT_EQ(advise(data, false).ranks, 2);
  EXPECT_THAT(advise(data, true).options, ElementsAre("--split", "time", "--epochs", "10"));
  data = sound();
  data.comes_split = true;
  EXPECT_THAT(advise(data, false).options, ElementsAre("--epochs", "10"));
  data = sound();
  data.times->last = data.times->first;
  EXPECT_THAT(advise(data, false).options,
              ElementsAre("--query-feature", "user_id:lookup", "--epochs", "10"));
  data.times.reset();
  EXPECT_THAT(advise(data, false).options, ElementsAre("--epochs", "10"));
}

}  // namespace
}  // namespace gemel::ingest
