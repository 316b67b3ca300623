#include "ingest/date_text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace gemel::ingest {
namespace {

TEST(DateText, IsADayWithTheTimeUnlessItIsMidnight) {
  EXPECT_EQ(date_text(0), "1970-01-01");
  EXPECT_EQ(date_text(874724710), "1997-09-20T03:05:10");
  EXPECT_EQ(date_text(951782400), "2000-02-29");
  EXPECT_EQ(date_text(-1), "1969-12-31T23:59:59");
  EXPECT_EQ(date_text(253402300799), "9999-12-31T23:59:59");
  EXPECT_EQ(date_text(253402300800), "253402300800");
  EXPECT_EQ(date_text(-30610224001), "-30610224001");  // a second before the year 1000
  EXPECT_EQ(date_text(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
}

TEST(DateText, IsReadAgain) {
  for (const std::int64_t seconds :
       {std::int64_t{0}, std::int64_t{874724710}, std::int64_t{951782400}, std::int64_t{-1},
        std::int64_t{253402300799}, std::int64_t{253402300800}, std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_EQ(parse_date(date_text(seconds)), seconds);
  }
  EXPECT_EQ(parse_date("881250949"), 881250949);
}

TEST(DateText, OtherTextsAreNoTimes) {
  for (const char* text : {"", "x", "1998-1-01", "1998-02-29", "1998-13-01", "1998-01-01 ",
                           "1998-01-01T24:00:00", "1998-01-01T10:60:00", "1998-01-01T10:00",
                           "1998-01-01 10:00:00", "1998-01-01T-1:00:00", "12 ", "99999999999999999999"}) {
    EXPECT_EQ(parse_date(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace gemel::ingest
