#include "ingest/date_time.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <ctime>
#include <string>

namespace gemel::ingest {
namespace {

struct Expected {
  std::string_view text;
  std::int64_t seconds;
};

void expect_all(std::initializer_list<Expected> all) {
  for (const Expected& expected : all)
    EXPECT_EQ(parse_date_time(expected.text), expected.seconds) << expected.text;
}

void expect_none(std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) EXPECT_EQ(parse_date_time(text), std::nullopt) << text;
}

// The numbers are Python's: datetime.datetime.fromisoformat(...).timestamp().
TEST(DateTime, ReadsTheYearFirst) {
  expect_all({{"2018-07-07", 1530921600},
              {"2018-7-7", 1530921600},
              {"2018/07/07", 1530921600},
              {"2018-07-07 22:09:11", 1531001351},
              {"2018-07-07T22:09:11", 1531001351},
              {"2018-07-07t22:09:11z", 1531001351},
              {"2018/07/07 22:09:11", 1531001351},
              {"2018-07-07 22:09", 1531001340},
              {"2018-07-07T22:09Z", 1531001340},
              {"2018-07-07 22:09:11 UTC", 1531001351},
              {"2018-07-07T22:09:11+02:00", 1530994151},
              {"2018-07-07 22:09:11 +0200", 1530994151},
              {"2018-07-07T22:09:11+02", 1530994151},
              {"2018-07-07T22:09:11-0700", 1531026551},
              {"2018-07-07T22:09:11-00:00", 1531001351}});
  expect_all({{"2024-05-24T11:50:44Z", 1716551444},
              {"9999-11-17T00:53:29Z", 253398416009},
              {"0400-11-02T05:07:23Z", -49517981557},
              {"0100-07-06T02:08:39Z", -58995381081},
              {"0001-04-25T06:10:55Z", -62125724945},
              {"2100-11-07T05:44:12Z", 4129249452},
              {"1972-05-01T11:26:10Z", 73567570},
              {"1970-01-01", 0}});
}

TEST(DateTime, CutsFractionsOff) {
  expect_all({{"2018-07-07T22:09:11.123Z", 1531001351},
              {"2018-07-07 22:09:11.999999999+02:00", 1530994151},
              {"2018-07-07 22:09:11,5", 1531001351},
              {"1969-12-31 23:59:59.9", -1}});
  expect_none({"2018-07-07T22:09:11.", "2018-07-07T22:09:11.Z", "2018-07-07T22:09.5"});
}

TEST(DateTime, ReadsMonthsByName) {
  expect_all({{"Sun Jul 30 07:44:10 -0700 2017", 1501425850},
              {"Sun Jul 30 07:44:10 2017", 1501400650},
              {"Sun Jul 30 07:44:10 UTC 2017", 1501400650},
              {"Sun, 30 Jul 2017 07:44:10 GMT", 1501400650},
              {"Sun, 30 Jul 2017 07:44:10 -0700", 1501425850},
              {"Jul 30 2017", 1501372800},
              {"Jul 30, 2017", 1501372800},
              {"JULY 30, 2017", 1501372800},
              {"30 july 2017", 1501372800},
              {"2017 Jul 30", 1501372800},
              {"Sunday, July 30, 2017", 1501372800},
              {"Sep  3 2009", 1251936000}});
  expect_none({"Mon Jul 30 07:44:10 -0700 2017", "Jul 30", "Jul 30 17", "Jul 2017",
               "Jul 30 2017 07:44:10 PDT", "Jul 30 2017 -0700", "Jul 30 30 2017", "Jul Jul 30 2017",
               "Juli 30 2017", "Ju 30 2017", "30Jul2017", "Jul 30 2017 7:44:10", "Jul 30 2017 07:44:10 PM",
               "Jul 30 2017 ", " Jul 30 2017", "Feb 30 2017"});
}

TEST(DateTime, ReadsAmazonsReviewTime) {
  expect_all({{"09 13, 2009", 1252800000}, {"09 3, 2009", 1251936000}, {"09 03, 2009", 1251936000}});
  expect_none(
      {"13 09, 2009", "9 13, 2009", "09 13 2009", "09 13,2009", "09 31, 2009", "09 13, 2009 ", "09 13, 09"});
}

TEST(DateTime, RefusesWhatCanBeReadInTwoWays) {
  expect_none({"03/04/2018", "04.03.2018", "3-4-2018", "03/04/18", "13/04/2018", "20180707", "2018.07.07",
               "1530921600", "2018", "2018-07", "07-07"});
}

TEST(DateTime, RefusesWhatIsNoTime) {
  expect_none({"",
               " ",
               "-",
               "T",
               "abc",
               "2018-07-07T",
               "2018-07-07 ",
               " 2018-07-07",
               "2018-07-07T22",
               "2018-07-07T2:09:11",
               "2018-07-07T22:9:11",
               "2018-07-07T22:09:1",
               "2018-07-07T22:09:111",
               "2018-07-07T22:09:11+2",
               "2018-07-07T22:09:11+02:",
               "2018-07-07T22:09:11+02:0",
               "2018-07-07T22:09:11+02:60",
               "2018-07-07T22:09:11+24:00",
               "2018-07-07T22:09:11Zx",
               "2018-07-07T22:09:11 CEST",
               "2018-07-07+02:00",
               "2018-07-07Z",
               "2018-07/07",
               "02018-07-07",
               "-2018-07-07",
               "2018-07-077",
               "2018--7-07",
               "12:00:00"});
  using namespace std::string_view_literals;
  expect_none({"2018-07-07\0"sv, "2018\0-07-07"sv, "2018-07-07T22:09:11\0"sv});
}

TEST(DateTime, KnowsTheCalendar) {
  expect_all({{"2016-02-29", 1456704000}, {"2000-02-29", 951782400}});
  expect_none(
      {"2018-02-29", "1900-02-29", "2018-04-31", "2018-13-01", "2018-00-01", "2018-01-00", "0000-01-01"});
}

TEST(DateTime, KnowsTheEndOfTheDay) {
  expect_all({{"2018-07-07 24:00:00", 1531008000},
              {"2018-07-07T24:00", 1531008000},
              {"2016-12-31T23:59:60Z", 1483228800},
              {"2017-01-01T05:29:60.5+05:30", 1483228800}});
  expect_none({"2018-07-07 24:00:01", "2018-07-07 24:01:00", "2018-07-07 25:00:00", "2018-07-07 23:60:00",
               "2018-07-07 23:58:60", "2018-07-07 23:59:61"});
}

/// Against the C library, which knows another way around the calendar.
TEST(DateTime, AgreesWithGmtime) {
  int wrong = 0;
  for (std::int64_t seconds = -2'208'988'800; seconds < 7'258'118'400; seconds += 40'003'337) {
    const std::time_t time = seconds;
    std::tm parts = {};
    gmtime_r(&time, &parts);
    for (const char* format :
         {"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%a %b %d %H:%M:%S +0000 %Y", "%d %B %Y %H:%M:%S"}) {
      char text[64];
      const std::size_t length = std::strftime(text, sizeof(text), format, &parts);
      wrong += parse_date_time({text, length}) != seconds;
    }
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace gemel::ingest
