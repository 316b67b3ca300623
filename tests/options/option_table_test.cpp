#include "options/option_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.hpp"

namespace gemel::options {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

struct Fields {
  std::string model;
  std::vector<std::string> files;
  std::string format = "csv";

  OptionTable table() {
    return {"trainer compare",
            {Option{"Model", "model", "MODEL", "A model.", text(model)}.as_argument(),
             Option{"Model", "file", "FILE...", "Files.", texts(files)}.as_argument(),
             {"Output", "format", "FORMAT", "Of the output.", text(format)}}};
  }
  void read(const std::vector<std::string>& words) { table().read_command_line(words); }
};

std::string refusal(const std::vector<std::string>& words, OptionTable table) {
  try {
    table.read_command_line(words);
  } catch (const base::UsageError& error) {
    return error.what();
  }
  return "taken";
}

TEST(OptionTable, TakesWordsForItsArgumentsInOrder) {
  Fields fields;
  fields.read({"a.h5", "b", "--format", "npy", "c"});
  EXPECT_EQ(fields.model, "a.h5");
  EXPECT_THAT(fields.files, ElementsAre("b", "c"));
  EXPECT_EQ(fields.format, "npy");
  fields.read({"--model", "x.h5", "--file", "y"});
  EXPECT_EQ(fields.model, "x.h5");
  EXPECT_THAT(fields.files, ElementsAre("y"));
}

TEST(OptionTable, AsksForArgumentsThatAreMissing) {
  Fields fields;
  EXPECT_EQ(refusal({"--format", "npy"}, fields.table()),
            "trainer compare: MODEL is missing; give trainer compare MODEL. See trainer compare --help");
  EXPECT_THAT(refusal({"a.h5"}, fields.table()), StartsWith("trainer compare: FILE... is missing"));
}

TEST(OptionTable, RefusesMoreWordsThanItTakes) {
  std::string model;
  const OptionTable one("trainer inspect",
                        {Option{"Model", "model", "MODEL", "A model.", text(model)}.as_argument()});
  EXPECT_TRUE(one.takes_arguments());
  EXPECT_THAT(refusal({"a.h5", "b.h5"}, one), HasSubstr("more words than it takes"));
  const OptionTable none("trainer plan", {{"Model", "model", "MODEL", "A model.", text(model)}});
  EXPECT_FALSE(none.takes_arguments());
  EXPECT_THAT(refusal({"a.h5"}, none), StartsWith("a.h5: this belongs to no option"));
}

}  // namespace
}  // namespace gemel::options
