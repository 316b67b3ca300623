// Options of train that come from a file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "cli/parsing.hpp"
#include "cli/train_options.hpp"

namespace gemel::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// A configuration file that is deleted at the end of the test.
class ConfigFile {
 public:
  explicit ConfigFile(const std::string& content)
      : path_(testing::TempDir() + "gemel_options_" + std::to_string(getpid()) + ".ini") {
    std::ofstream(path_) << content;
  }
  ~ConfigFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(ConfigFileTest, GivesOptions) {
  const ConfigFile file(
      "# a comment\r\n"
      "[Model]\n"
      "layers = 64,32   # two layers\n"
      "  query-feature=user_id:lookup\n"
      "query-feature = timestamp:normalize\n"
      "\n"
      "logq-correction = true\n"
      "epochs = 5");
  const auto options = parse({"--config", file.path()}).options.training;
  EXPECT_THAT(options.model.layers, ElementsAre(64U, 32U));
  EXPECT_THAT(options.model.query_features, ElementsAre("user_id:lookup", "timestamp:normalize"));
  EXPECT_EQ(options.model.candidate_features, ModelOptions().candidate_features);
  EXPECT_TRUE(options.loss.logq_correction);
  EXPECT_EQ(options.epochs, 5);
}

TEST(ConfigFileTest, YieldsToTheCommandLine) {
  const ConfigFile file("epochs = 5\nseed = 6\nlogq-correction = true\nquery-feature = user_id:lookup\n");
  const auto options = parse({"--epochs", "9", "--query-feature", "timestamp:normalize",
                              "--logq-correction=false", "--config", file.path()})
                           .options.training;
  EXPECT_EQ(options.epochs, 9);
  EXPECT_EQ(options.seed, 6U);
  EXPECT_FALSE(options.loss.logq_correction);
  EXPECT_THAT(options.model.query_features, ElementsAre("timestamp:normalize"));
}

TEST(ConfigFileTest, ErrorsNameItsLine) {
  const std::pair<std::string, std::string> cases[] = {
      {"seed = 1\n\nepochss = 3\n", ":3: epochss = 3: no such option. Did you mean epochs?"},
      {"seed = 1\nepochs = 0\n", ":2: epochs = 0: give a whole number of at least 1"},
      {"epochs = 1\nepochs = 2\n", ":2: epochs = 2: this option was given before"},
      {"# c\nepochs\n", ":2: epochs: not a line of the form name = value"},
      {"logq-correction = yes", ":1: logq-correction = yes: choose one of true, false"},
      {"layers =", ":1: layers = : an empty list"},
      {"data = ", ":1: data = : the value is empty"},
  };
  for (const auto& [content, message] : cases) {
    const ConfigFile file(content);
    EXPECT_THAT(error_of({"--config", file.path()}), StartsWith(file.path() + message));
  }
  const ConfigFile file("epoch = 3\n");
  EXPECT_THAT(error_of({"--epochs", "1", "--config", file.path()}), HasSubstr("no such option"));
}

TEST(ConfigFileTest, IsRefusedWhereItCannotBeRead) {
  EXPECT_THAT(error_of({"--config", "no/such.ini"}), StartsWith("--config no/such.ini: cannot read"));
  EXPECT_THAT(error_of({"--config", testing::TempDir()}), HasSubstr("cannot read"));
  const ConfigFile empty("");
  EXPECT_EQ(error_of({"--config", empty.path()}), "no error");
}

TEST(ConfigFileTest, EveryRecipeIsAConfiguration) {
  int recipes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(GEMEL_SOURCE_DIR "/launch/recipes")) {
    if (entry.path().extension() != ".ini") continue;
    SCOPED_TRACE(entry.path());
    ++recipes;
    EXPECT_EQ(error_of({"--config", entry.path().string()}), "no error");
    std::ifstream file(entry.path());
    const std::string text(std::istreambuf_iterator<char>(file), {});
    EXPECT_THAT(text, HasSubstr("train --config launch/recipes/" + entry.path().filename().string()));
  }
  EXPECT_GE(recipes, 5);
}

}  // namespace
}  // namespace gemel::cli
