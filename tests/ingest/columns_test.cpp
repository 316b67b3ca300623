#include "ingest/columns.hpp"

#include <gtest/gtest.h>

namespace gemel::ingest {
namespace {

TEST(StringColumn, KeepsStringsApart) {
  StringColumn column;
  for (const char* text : {"one", "", "three", ""}) column.push_back(text);
  ASSERT_EQ(column.size(), 4U);
  EXPECT_EQ(column[0], "one");
  EXPECT_EQ(column[1], "");
  EXPECT_EQ(column[2], "three");
  EXPECT_EQ(column[3], "");
}

TEST(Columns, DescribesWhatItHolds) {
  Columns columns;
  EXPECT_EQ(columns.describe(), "none");
  columns.strings["title"];
  columns.strings["item_id"];
  EXPECT_EQ(columns.describe(), "item_id (text), title (text)");
  columns.numbers["timestamp"];
  EXPECT_EQ(columns.describe(), "item_id (text), title (text), timestamp (number)");
}

}  // namespace
}  // namespace gemel::ingest
