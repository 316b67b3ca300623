#include "ingest/string_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace gemel::ingest {
namespace {

/// Strings of all lengths up to 20 that differ in one character or in length alone, and some that hold NUL.
std::vector<std::string> similar_strings() {
  std::vector<std::string> strings;
  for (std::size_t length = 0; length <= 20; ++length) {
    const std::string same(length, '0');
    strings.push_back(same);
    for (std::size_t at = 0; at < length; ++at) {
      for (const char c : {'1', 'a', '\xff', '\0'}) {
        strings.push_back(same);
        strings.back()[at] = c;
      }
    }
  }
  return strings;
}

TEST(StringTable, NumbersStringsAsTheyFirstCome) {
  StringTable table;
  EXPECT_EQ(table.number("b"), 0U);
  EXPECT_EQ(table.number(""), 1U);
  EXPECT_EQ(table.number("b"), 0U);
  EXPECT_EQ(table.number("longer than seven"), 2U);
  EXPECT_EQ(table.number("longer than seven"), 2U);
  EXPECT_EQ(table.number(""), 1U);
  EXPECT_EQ(table.number("longer than seven"), 2U);
  EXPECT_EQ(table.number("a"), 3U);
  EXPECT_EQ(table.strings().texts(), (std::vector<std::string>{"b", "", "longer than seven", "a"}));
}

TEST(StringTable, TellsSimilarStringsApart) {
  StringTable table;
  std::map<std::string, std::uint32_t> numbers;
  for (int times = 0; times < 2; ++times) {
    for (const std::string& text : similar_strings()) {
      const auto [known, is_new] = numbers.emplace(text, numbers.size());
      EXPECT_EQ(table.number(text), known->second) << text;
    }
  }
  for (const auto& [text, number] : numbers) {
    EXPECT_EQ(table.find(text), number) << text;
    EXPECT_EQ(table.strings()[number], text);
    EXPECT_EQ(table.hashes()[number], hash_of(text)) << text;
  }
  EXPECT_EQ(table.find("2"), std::nullopt);
  EXPECT_EQ(table.find("22222222"), std::nullopt);
}

TEST(StringTable, FindsNothingBeforeAnythingHasCome) {
  EXPECT_EQ(StringTable().find(""), std::nullopt);
}

TEST(StringTable, KeepsItsNumbersAsItGrows) {
  StringTable table;
  for (std::uint32_t number = 0; number < 100'000; ++number)
    EXPECT_EQ(table.number(std::to_string(number * 37)), number);
  for (std::uint32_t number = 0; number < 100'000; ++number)
    EXPECT_EQ(table.number(std::to_string(number * 37)), number);
}

}  // namespace
}  // namespace gemel::ingest
