#include "serving/row_format.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace gemel::serving {
namespace {

using testing::HasSubstr;

const VectorTable items = {.noun = "item", .rows = 2, .dim = 3, .has_labels = true};
const VectorTable users = {.noun = "user", .rows = 2, .dim = 3};

VectorRows two_rows() {
  VectorRows rows;
  rows.ids.push_back("7");
  rows.ids.push_back("a \"b\", c");
  rows.labels.push_back("Seven (1995)");
  rows.labels.push_back("Amélie\t\\");
  rows.counts = {12, 0};
  rows.vectors.resize(2, 3);
  const std::vector<float> values = {0.1F, -2, 1e-9F, 16777216, 0.33333334F, -0.0F};
  std::copy(values.begin(), values.end(), rows.vectors.data());
  return rows;
}

std::string file(const RowFormat& format, const VectorTable& table) {
  std::string bytes = format.head(table);
  format.append(table, two_rows(), bytes);
  return bytes;
}

std::string bytes_of_values() {
  const VectorRows rows = two_rows();
  return {reinterpret_cast<const char*>(rows.vectors.data()), rows.vectors.size() * sizeof(float)};
}

TEST(RowFormat, NpyIsNumpys) {
  const auto format = npy_format();
  EXPECT_EQ(format->file_name(items), "items.npy");
  const std::string bytes = file(*format, items);
  // Version 1.0: magic, the length of the description in two bytes, the description up to a multiple of 64 bytes.
  EXPECT_EQ(bytes.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_EQ(bytes.substr(10, 63), "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }    ");
  EXPECT_EQ(bytes[127], '\n');
  EXPECT_EQ(bytes.substr(128), bytes_of_values());
}

TEST(RowFormat, FvecsTellsTheWidthBeforeEachRow) {
  const std::string values = bytes_of_values();
  const std::string width("\x03\x00\x00\x00", 4);
  EXPECT_EQ(file(*fvecs_format(), users), width + values.substr(0, 12) + width + values.substr(12));
  EXPECT_EQ(fvecs_format()->file_name(users), "users.fvecs");
}

TEST(RowFormat, CsvQuotesWhatHasTo) {
  EXPECT_EQ(file(*csv_format(), items),
            "id,label,v0,v1,v2\n"
            "7,Seven (1995),0.1,-2,1e-09\n"
            "\"a \"\"b\"\", c\",Amélie\t\\,16777216,0.33333334,-0\n");
  EXPECT_EQ(file(*csv_format(), users).substr(0, 20), "id,v0,v1,v2\n7,0.1,-2");
}

TEST(RowFormat, JsonLinesHaveAPayload) {
  const std::string first =
      R"+({"id":"7","vector":[0.1,-2,1e-09],"payload":{"label":"Seven (1995)","count":12}})+";
  const std::string second =
      R"+({"id":"a \"b\", c","vector":[16777216,0.33333334,-0],"payload":{"label":"Amélie\t\\","count":0}})+";
  EXPECT_EQ(file(*jsonl_format(), items), first + "\n" + second + "\n");
  const std::string of_users = R"+({"id":"7","vector":[0.1,-2,1e-09]})+";
  EXPECT_EQ(file(*jsonl_format(), users).substr(0, of_users.size() + 1), of_users + "\n");
}

TEST(RowFormat, LinesHoldATextEach) {
  EXPECT_EQ(file(*id_lines_format(), items), "7\na \"b\", c\n");
  EXPECT_EQ(file(*label_lines_format(), items), "Seven (1995)\nAmélie\t\\\n");
  EXPECT_EQ(label_lines_format()->file_name(items), "item_labels.txt");
  EXPECT_EQ(label_lines_format()->file_name(users), "");
  std::string bytes;
  try {
    append_line("two\nlines", "item_ids.txt", bytes);
    ADD_FAILURE() << "took a line break";
  } catch (const base::OutputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("item_ids.txt: 'two\nlines' has a line break"));
  }
}

}  // namespace
}  // namespace gemel::serving
