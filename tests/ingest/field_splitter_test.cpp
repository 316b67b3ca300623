#include "ingest/field_splitter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gemel::ingest {
namespace {

using testing::ElementsAre;

std::vector<std::string> fields_of(Separator separator, std::string_view line) {
  FieldSplitter split(separator);
  std::vector<std::string> texts;
  for (const Field& field : split(line)) texts.emplace_back(field.text);
  EXPECT_EQ(split.fault().expected, "") << line;
  return texts;
}

/// "column: what was expected there".
std::string fault_of(Separator separator, std::string_view line) {
  FieldSplitter split(separator);
  split(line);
  return std::to_string(split.fault().where.data() - line.data() + 1) + ": " +
         std::string(split.fault().expected);
}

TEST(FieldSplitter, TakesManyBlanksForOne) {
  EXPECT_THAT(fields_of(Separator::blanks, "  a\t \tb,c \"d "), ElementsAre("a", "b,c", "\"d"));
  EXPECT_THAT(fields_of(Separator::blanks, " \t"), ElementsAre());
}

TEST(FieldSplitter, KeepsEmptyFieldsAndTrimsBlanks) {
  EXPECT_THAT(fields_of(Separator::tab, "1\t10\t\t100\t"), ElementsAre("1", "10", "", "100", ""));
  EXPECT_THAT(fields_of(Separator::tab, " a b\tHello, World "), ElementsAre("a b", "Hello, World"));
  EXPECT_THAT(fields_of(Separator::comma, ",\t, a b ,c;d"), ElementsAre("", "", "a b", "c;d"));
  EXPECT_THAT(fields_of(Separator::semicolon, "1;10;4,5"), ElementsAre("1", "10", "4,5"));
  EXPECT_THAT(fields_of(Separator::double_colon, "1::\"a:b\"::"), ElementsAre("1", "\"a:b\"", ""));
  EXPECT_THAT(fields_of(Separator::comma, ""), ElementsAre(""));
}

/// As FieldSplitter should, but character by character.
std::vector<std::string> cut_at(const std::string& mark, const std::string& line) {
  std::vector<std::string> texts(1);
  for (std::size_t at = 0; at < line.size();) {
    if (line.compare(at, mark.size(), mark) == 0) {
      texts.emplace_back();
      at += mark.size();
    } else {
      texts.back() += line[at++];
    }
  }
  return texts;
}

TEST(FieldSplitter, FindsSeparatorsWhereverTheyStand) {
  constexpr std::size_t longest = 27;
  for (std::size_t length = 0; length <= longest; ++length) {
    for (std::size_t one = 0; one < length; ++one) {
      for (std::size_t other = one; other < length; ++other) {
        std::string line(length, 'x');
        line[one] = line[other] = ',';
        EXPECT_EQ(fields_of(Separator::comma, line), cut_at(",", line)) << line;
        line[one] = line[other] = ':';
        if (other + 1 < length) line[other + 1] = ':';
        EXPECT_EQ(fields_of(Separator::double_colon, line), cut_at("::", line)) << line;
      }
    }
  }
  // Bytes that a bit tells from a comma, and bytes above 0x7f.
  EXPECT_THAT(fields_of(Separator::comma, "-\xac,\xad-,l,+"), ElementsAre("-\xac", "\xad-", "l", "+"));
}

TEST(FieldSplitter, TakesQuotesAway) {
  EXPECT_THAT(fields_of(Separator::comma, R"("u,1", "say ""hi"", you" ,"","""", plain "x")"),
              ElementsAre("u,1", "say \"hi\", you", "", "\"", R"(plain "x")"));
  EXPECT_THAT(fields_of(Separator::tab, "\" a\tb \"\tc"), ElementsAre(" a\tb ", "c"));
  EXPECT_THAT(fields_of(Separator::tab, "\t\"a\"\t"), ElementsAre("", "a", ""));
}

TEST(FieldSplitter, SaysWhereAQuoteIsWrong) {
  EXPECT_EQ(fault_of(Separator::comma, R"(u,"a)"), "3: a closing double quote");
  EXPECT_EQ(fault_of(Separator::comma, R"(u, "a"",b)"), "4: a closing double quote");
  EXPECT_EQ(fault_of(Separator::semicolon, R"("a"b;c)"),
            "4: the field to end with its closing double quote; double the quotes inside of it");
}

TEST(FieldSplitter, KnowsWhereInTheLineAFieldStands) {
  const std::string line = R"(a, "b""c" ,d)";
  FieldSplitter split(Separator::comma);
  const std::vector<Field>& fields = split(line);
  EXPECT_EQ(fields.at(1).source, R"("b""c")");
  EXPECT_EQ(fields.at(1).source.data(), line.data() + 3);
  EXPECT_EQ(fields.at(2).source.data(), line.data() + 11);
}

}  // namespace
}  // namespace gemel::ingest
