// src/options/README.md has the rows of all options of train. GEMEL_WRITE_PAGES=1 writes it anew.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/algorithm/string/replace.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "cli/train_rows.hpp"
#include "options/option_table.hpp"

namespace gemel::cli {
namespace {

const std::string page_path = GEMEL_SOURCE_DIR "/src/options/README.md";
const std::string begin = "<!-- made from the rows: begin -->\n";
const std::string end = "<!-- made from the rows: end -->\n";

/// The cells for the effect on results, and for whether a resumed run may change it.
std::string effect_cells(options::Effect effect) {
  using options::Effect;
  switch (effect) {
    case Effect::none:
      return "none | yes";
    case Effect::run:
      return "of the run | yes";
    case Effect::steers:
      return "from there on | yes, with a warning";
    default:
      return "from the start | no";
  }
}

/// A table for each group.
std::string tables() {
  TrainCommandOptions defaults;
  std::string text;
  std::string group;
  const options::OptionTable table("trainer train", train_rows(defaults));
  for (const options::Option& option : table.options()) {
    if (option.group != group) {
      group = option.group;
      text += fmt::format(
          "\n### {}\n\n| option | value | default | effect on results | may change on resume | meaning |\n"
          "|---|---|---|---|---|---|\n",
          group);
    }
    const std::string row = fmt::format(
        "`--{}` \t `{}` \t `{}` \t {} \t {}", option.name, option.placeholder, option.value.show(),
        boost::algorithm::replace_all_copy(effect_cells(option.effect), "|", "\t"), option.explanation);
    text += fmt::format("| {} |\n", boost::algorithm::replace_all_copy(
                                        boost::algorithm::replace_all_copy(row, "|", "\\|"), "\t", "|"));
  }
  return text + "\n";
}

TEST(OptionsPage, HasTheRowsOfToday) {
  std::ifstream file(page_path);
  const std::string page(std::istreambuf_iterator<char>(file), {});
  file.close();
  const std::size_t from = page.find(begin);
  const std::size_t to = page.find(end);
  ASSERT_TRUE(from != std::string::npos && to != std::string::npos) << page_path;
  const std::string today = page.substr(0, from + begin.size()) + tables() + page.substr(to);
  if (std::getenv("GEMEL_WRITE_PAGES") != nullptr)
    std::ofstream(page_path) << today;
  else
    EXPECT_EQ(page, today) << "write the page anew with GEMEL_WRITE_PAGES=1, as it says";
}

}  // namespace
}  // namespace gemel::cli
