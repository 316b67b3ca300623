#include "ingest/record_cutter.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gemel::ingest {
namespace {

using testing::ElementsAre;

/// "number:text" of each record of two fields between commas, of a text that comes in pieces.
std::vector<std::string> records_of(const std::vector<std::string>& pieces, LineRange lines = {}) {
  std::vector<std::string> records;
  RecordJoiner joiner(Separator::comma, 2);
  RecordCutter cutter(joiner, 1, lines);
  const auto visit = [&](const Line& line) {
    if (!line.is_whole && joiner.is_open(line.text)) return false;
    records.push_back(fmt::format("{}:{}", line.number, line.text));
    return true;
  };
  for (const std::string& piece : pieces) cutter.add(piece, visit);
  cutter.finish("", visit);
  return records;
}

TEST(RecordCutter, JoinsLinesWhoseQuotesAreOpen) {
  EXPECT_THAT(records_of({"a,b\n\"c\nd\",\"e\r\n\"\"f\n\"\nx,y"}),
              ElementsAre("1:a,b", "2:\"c\nd\",\"e\r\n\"\"f\n\"", "6:x,y"));
  EXPECT_THAT(records_of({"a,\"b\n\n\n\"\r\nc,d\r\n"}), ElementsAre("1:a,\"b\n\n\n\"", "5:c,d"));
  EXPECT_THAT(records_of({"5\" disk,\"a\nb\"\n\"c\nd\",5\" disk\n"}),
              ElementsAre("1:5\" disk,\"a\nb\"", "3:\"c\nd\",5\" disk"));
}

TEST(RecordCutter, LeavesALineAloneThatFitsNone) {
  EXPECT_THAT(records_of({"a,\"b\nc,d\ne,f\n"}), ElementsAre("1:a,\"b", "2:c,d", "3:e,f")) << "no end";
  EXPECT_THAT(records_of({"a,\"b\nc,\"d\"\n"}), ElementsAre("1:a,\"b", "2:c,\"d\"")) << "no end of a field";
  EXPECT_THAT(records_of({"a,\"b\nc\",d\ne,f\n"}), ElementsAre("1:a,\"b", "2:c\",d", "3:e,f"))
      << "three fields";
  EXPECT_THAT(records_of({"\"b\nc\"\ne,f\n"}), ElementsAre("1:\"b", "2:c\"", "3:e,f")) << "one field";
}

TEST(RecordCutter, BoundsARecord) {
  std::string text = "a,\"";
  for (int line = 1; line < RecordJoiner::most_lines; ++line) text += "x\n";
  EXPECT_THAT(records_of({text + "\"\nb,c\n"}), ElementsAre("1:" + text + "\"", "1001:b,c"));
  EXPECT_EQ(records_of({text + "x\n\"\nb,c\n"}).size(), 1002);
  text = "a,\"\n" + std::string(RecordJoiner::most_bytes - 5, 'x');
  EXPECT_THAT(records_of({text + "\"\nb,c\n"}), ElementsAre("1:" + text + "\"", "3:b,c"));
  EXPECT_EQ(records_of({text + "x\"\nb,c\n"}).size(), 3);
}

TEST(RecordCutter, TakesPiecesAsTheyCome) {
  const std::vector<std::string> lines = {"a,\"b\n", "\n",      "c\"\n", "\"d\n",
                                          "e,f\n",   "g,\"h\n", "i\"\n", "\"\n"};
  const std::vector<std::string> expected = {"1:a,\"b\n\nc\"", "4:\"d", "5:e,f", "6:g,\"h\ni\"", "8:\""};
  for (unsigned cuts = 0; cuts < 1U << (lines.size() - 1); ++cuts) {
    std::vector<std::string> pieces = {lines[0]};
    for (std::size_t i = 1; i < lines.size(); ++i) {
      if ((cuts >> (i - 1) & 1U) != 0) pieces.emplace_back();
      pieces.back() += lines[i];
    }
    EXPECT_EQ(records_of(pieces), expected) << cuts;
    EXPECT_THAT(records_of(pieces, {2, 6}), ElementsAre("2:", "3:c\"", "4:\"d", "5:e,f")) << cuts;
  }
}

}  // namespace
}  // namespace gemel::ingest
