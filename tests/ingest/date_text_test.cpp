#include "ingest/date_text.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "ingest/date_time.hpp"

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
  for (const std::int64_t seconds : {0LL, 874724710LL, 951782400LL, -1LL, 253402300799LL, -30610224000LL}) {
    EXPECT_EQ(parse_date_time(date_text(seconds)), seconds);
  }
}

}  // namespace
}  // namespace gemel::ingest
