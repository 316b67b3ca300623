#include "ingest/digits.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace gemel::ingest {
namespace {

TEST(Digits, AreReadIfTheyAreAllThereIs) {
  std::int64_t number = -1;
  for (const char* text : {"", "-1", "+1", "1.0", " 1", "1 ", "12a", "\xb2", "1234567890123456789"}) {
    EXPECT_FALSE(read_digits(text, number)) << text;
  }
  EXPECT_EQ(number, -1);
  EXPECT_TRUE(read_digits("007", number));
  EXPECT_EQ(number, 7);
  EXPECT_TRUE(read_digits("999999999999999999", number));
  EXPECT_EQ(number, 999999999999999999);
}

TEST(Digits, OfDecimalsAreRoundedAsTheLibraryDoes) {
  double number = 0;
  for (const char* text : {"", ".", "1.", ".5", "1.2.3", "-1.5", "1e5", "nan", "1.5 ", "12345678901234567"}) {
    EXPECT_FALSE(read_short_decimal(text, number)) << text;
  }
  for (const char* digits :
       {"123456789012345", "999999999999999", "100000000000001", "314159265358979", "5"}) {
    for (std::size_t length = 1; length <= std::string(digits).size(); ++length) {
      for (std::size_t point = 1; point < length; ++point) {
        std::string text = std::string(digits).substr(0, length).insert(point, ".");
        ASSERT_TRUE(read_short_decimal(text, number)) << text;
        EXPECT_EQ(number, std::strtod(text.c_str(), nullptr)) << text;
      }
    }
  }
  for (const char* text : {"0", "3.5", "0.1", "00.30", "9999999999999999", "9007199254740993"}) {
    ASSERT_TRUE(read_short_decimal(text, number)) << text;
    EXPECT_EQ(number, std::strtod(text, nullptr)) << text;
  }
}

}  // namespace
}  // namespace gemel::ingest
