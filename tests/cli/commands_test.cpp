#include "cli/commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <sstream>

#include "base/error.hpp"
#include "cli/train_command.hpp"
#include "cli/train_options.hpp"
#include "mpi/agreement.hpp"

namespace gemel::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

struct Outcome {
  int code = 0;
  std::string output;
};

Outcome run_program(const std::vector<std::string>& arguments) {
  auto self = mpi::Communicator::self();
  std::ostringstream out;
  const int code = run(arguments, self, out);
  return {code, out.str()};
}

/// Runs the train command with a stand-in for the trainer.
Outcome run_train(const std::vector<std::string>& arguments, const Trainer& trainer) {
  auto self = mpi::Communicator::self();
  std::ostringstream out;
  const int code = cli::run_train(arguments, self, out, trainer);
  return {code, out.str()};
}

TEST(Program, TeachesHowToStart) {
  for (const char* argument : {"--help", "-h", "help"}) {
    const Outcome outcome = run_program({argument});
    EXPECT_EQ(outcome.code, 0);
    for (const char* fact :
         {"two-tower", "mpirun -n 8 trainer", "train  ", "--data data/ml-100k --layers 64,32",
          "trainer COMMAND --help", "README.md", "  6   stopped by a signal"}) {
      EXPECT_THAT(outcome.output, HasSubstr(fact)) << argument;
    }
  }
}

TEST(Program, TellsItsVersion) {
  const Outcome outcome = run_program({"--version"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(
      std::regex_match(outcome.output, std::regex("trainer \\d+\\.\\d+\\.\\d+ \\(gemel\\), .+\n"
                                                  "commit (unknown|[0-9a-f]{7,40}(-dirty)?)\n"
                                                  "oneDNN \\d+\\.\\d+\\.\\d+\n"
                                                  "HDF5 \\d+\\.\\d+\\.\\d+\n"
                                                  "instruction set: .+ in oneDNN, .+ in own loops\n")))
      << outcome.output;
}

TEST(Program, NamesTheNearestCommandForAnUnknownOne) {
  try {
    run_program({"trian"});
    FAIL() << "trian was taken";
  } catch (const mpi::AgreedError& error) {
    EXPECT_EQ(error.code(), base::ExitCode::usage);
    EXPECT_THAT(error.what(), AllOf(StartsWith("trian: no such command"), HasSubstr("mean train?")));
  }
}

TEST(Program, TrainsWhenNoCommandIsNamed) {
  EXPECT_EQ(run_program({"--epochs", "3", "--help"}).output, train_help());
  EXPECT_EQ(run_program({"train", "--help"}).output, train_help());
}

TEST(Program, HelpsWithACommand) {
  EXPECT_EQ(run_program({"--help", "train"}).output, train_help());
  EXPECT_THAT(run_program({"help", "plan"}).output, StartsWith("trainer plan tells"));
  EXPECT_EQ(run_program({"--help", "train", "layers"}).output,
            run_program({"train", "--help", "layers"}).output);
}

TEST(Program, HelpsWithOneOption) {
  const std::string text = run_program({"train", "--help", "layers"}).output;
  EXPECT_THAT(text, AllOf(StartsWith("Model:\n  --layers WIDTHS "), HasSubstr("Default: 32.")));
  EXPECT_THAT(text, testing::Not(HasSubstr("--epochs")));
  for (const std::vector<std::string>& same : {std::vector<std::string>{"train", "-h", "layers"},
                                               {"train", "--help=layers"},
                                               {"--help", "--layers"},
                                               {"train", "--help", "--layers"},
                                               {"train", "--epochs", "3", "--help", "layers"}}) {
    EXPECT_EQ(run_program(same).output, text);
  }
  EXPECT_THAT(run_program({"plan", "--help", "rows"}).output, HasSubstr("  --rows FEATURE=N "));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
}

TEST(Program, PassesOverNoWordBesideHelp) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"train", "layers", "--help"},
                                                    {"train", "--help", "epochs", "layers"},
                                                    {"--help", "train", "epochs", "layers"},
                                                    {"plan", "--help=rows", "layers"},
                                                    {"train", "--epochs", "3", "layers", "-h"}}) {
    try {
      run_program(arguments);
      ADD_FAILURE() << testing::PrintToString(arguments);
    } catch (const mpi::AgreedError& error) {
      EXPECT_EQ(error.code(), base::ExitCode::usage);
      EXPECT_THAT(error.what(), StartsWith("layers: this belongs to no option"));
    }
  }
}

TEST(Program, NamesTheNearestOptionForHelpWithAnUnknownOne) {
  for (const std::string command : {"train", "plan"}) {
    try {
      run_program({command, "--help", "laiers"});
      FAIL() << "laiers was explained";
    } catch (const mpi::AgreedError& error) {
      EXPECT_EQ(error.code(), base::ExitCode::usage);
      EXPECT_THAT(error.what(), AllOf(StartsWith("--help laiers: no such option."), HasSubstr("mean layers?"),
                                      HasSubstr("trainer " + command + " --help")));
    }
  }
}

TEST(Program, LeavesNoExitCodeUnexplained) {
  for (int code = 0; code <= static_cast<int>(base::ExitCode::interrupted); ++code) {
    EXPECT_THAT(exit_code_help(), HasSubstr("\n  " + std::to_string(code) + "   "));
  }
}

TEST(TrainHelp, ListsEveryOptionWithItsDefault) {
  // Line breaks fall anywhere: compare without them.
  const std::string help = std::regex_replace(train_help(), std::regex("\\s+"), " ");
  auto self = mpi::Communicator::self();
  const auto settings = parse_train_options({}, self).settings;
  for (const auto& [name, value] : settings) {
    const std::size_t option = help.find("--" + name + " ");
    ASSERT_NE(option, std::string::npos) << name;
    EXPECT_NE(help.find("Default: " + value + ".", option), std::string::npos) << name;
  }
  for (const char* fact :
       {"--epochs N Passes", "Default: 300.", "Default: 2048.", "Default: 1,5,10,50,100.",
        "Default: user_id:lookup timestamp:bucketize(1000) timestamp:normalize.",
        "Default: title:lookup title:text(10000).", "Default: 50epochs.", "Examples:", "Exit codes:"}) {
    EXPECT_THAT(help, HasSubstr(fact));
  }
}

TEST(TrainHelp, GroupsTheOptions) {
  std::size_t last = 0;
  for (const char* group :
       {"\nData:\n", "\nModel:\n", "\nLoss and optimiser:\n", "\nTraining:\n", "\nEvaluation:\n",
        "\nCheckpoints:\n", "\nRanks and lanes:\n", "\nOutput:\n", "\nExamples:\n"}) {
    const std::size_t here = train_help().find(group);
    ASSERT_NE(here, std::string::npos) << group;
    EXPECT_GT(here, last) << group;
    last = here;
  }
}

TEST(TrainHelp, IsAtMostAHundredColumnsWide) {
  std::istringstream lines(train_help());
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST(TrainCommand, HandsOptionsAndObserversToTheTrainer) {
  std::int64_t epochs = 0;
  const Outcome outcome =
      run_train({"--epochs", "3", "--progress", "lines"},
                [&](const auto& options, mpi::Communicator&, report::Observer& observer, auto) {
                  epochs = options.epoch_count();
                  observer.on_run({.data = "fake data", .resumed_from = "", .settings = {}});
                });
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(epochs, 3);
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("fake data"), testing::ContainsRegex("epochs +3\n")));
}

TEST(TrainCommand, ShowsSettingsThatAreNotTheDefaults) {
  const auto shown = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--progress", "lines"});
    const std::vector<std::pair<std::string, std::string>> settled = {{"query-feature", "user_id:lookup"}};
    return run_train(arguments,
                     [&](const auto&, auto&, report::Observer& observer, auto) {
                       observer.on_run({.data = "data", .resumed_from = "", .settings = settled});
                     })
        .output;
  };
  const std::string some = shown({"--epochs", "3", "--seed", "42"});
  EXPECT_THAT(some, AllOf(testing::ContainsRegex("\n  epochs +3\n"),
                          testing::ContainsRegex("\n  query-feature +user_id:lookup\n"),
                          HasSubstr("--log-level debug shows all")));
  EXPECT_THAT(some, testing::Not(testing::ContainsRegex("\n  (seed|layers) ")));
  EXPECT_THAT(shown({"--epochs", "3", "--log-level", "debug"}),
              AllOf(testing::ContainsRegex("\n  epochs +3\n"), testing::ContainsRegex("\n  seed +42\n"),
                    testing::ContainsRegex("\n  layers +32\n")));
}

TEST(TrainCommand, ShowsNothingWithProgressNone) {
  const Outcome outcome = run_train({"--progress", "none"}, [](const auto&, auto&, report::Observer& observer,
                                                               auto) { observer.on_run({}); });
  EXPECT_EQ(outcome.output, "");
}

TEST(TrainCommand, ReturnsSixAfterAnInterruption) {
  const Outcome outcome = run_train({"--log-level", "error"}, [](const auto&, auto&, auto&, auto) {
    throw base::Error(base::ExitCode::interrupted, "stopped");
  });
  EXPECT_EQ(outcome.code, 6);
}

TEST(TrainCommand, PassesOtherErrorsOn) {
  const auto fail = [](const auto&, auto&, auto&, auto) { throw base::DataError("u.data:3: bad"); };
  EXPECT_THROW(run_train({}, fail), base::DataError);
}

TEST(TrainCommand, ThrowsErrorsOfOptionsAsKnownToAll) {
  EXPECT_THROW(run_train({"--epochs", "0"}, nullptr), mpi::AgreedError);
}

TEST(TrainCommand, OpensTheMetricsFileBeforeTheTraining) {
  bool has_trained = false;
  const auto trainer = [&](const auto&, auto&, auto&, auto) { has_trained = true; };
  try {
    run_train({"--metrics-file", "no/such/directory/m.jsonl"}, trainer);
    FAIL() << "the file was opened";
  } catch (const mpi::AgreedError& error) {
    EXPECT_EQ(error.code(), base::ExitCode::usage);
    EXPECT_THAT(error.what(), StartsWith("--metrics-file no/such/directory/m.jsonl: "));
  }
  EXPECT_FALSE(has_trained);
}

}  // namespace
}  // namespace gemel::cli
