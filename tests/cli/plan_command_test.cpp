#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <sstream>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/report_text.hpp"
#include "cli/train_options.hpp"
#include "mpi/agreement.hpp"

namespace gemel::cli {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string plan(std::vector<std::string> arguments) {
  auto self = mpi::Communicator::self();
  std::ostringstream out;
  arguments.insert(arguments.begin(), "plan");
  EXPECT_EQ(run(arguments, self, out), 0);
  return out.str();
}

std::string refusal(const std::vector<std::string>& arguments) {
  try {
    plan(arguments);
  } catch (const mpi::AgreedError& error) {
    EXPECT_EQ(error.code(), base::ExitCode::usage);
    return error.what();
  }
  return "no AgreedError";
}

TEST(PlanCommand, TellsTablesMemoryAndTraffic) {
  const std::string text = plan({"--ranks", "4", "--layers", "64,32", "--placement", "user_id=sharded"});
  EXPECT_THAT(text, StartsWith("4 ranks x 1 thread, 8 lanes, batches of 2048; 60000 interactions, 1500 "
                               "candidates\n\ntables\n"));
  // 1001 rows of 32 floats with as many accumulators; of the sharded table the largest of four blocks.
  EXPECT_THAT(
      text, ContainsRegex("  user_id_lookup \\[1001, 32\\] sharded: 67\\.0 kB a rank, [0-9.]+ kB a step\n"));
  EXPECT_THAT(text,
              ContainsRegex("  timestamp_bucketize \\[1001, 32\\] sharded \\(chosen\\): 64\\.3 kB a rank"));
  EXPECT_THAT(
      text,
      ContainsRegex("\nmemory of a rank\n  tables +[0-9.]+ [kM]B\n  program and libraries +[0-9.]+ MB\n"));
  std::size_t last = text.find("\nsent by a rank in a step\n");
  ASSERT_NE(last, std::string::npos);
  for (const char* kind : {"deal ", "gather ", "lookup ", "share ", "reduce ", "dense ", "rows ", "total "}) {
    const std::size_t here = text.find(std::string("\n  ") + kind, last);
    ASSERT_NE(here, std::string::npos) << kind;
    last = here;
  }
}

TEST(PlanCommand, PlansForSizesThatTheDataDoesNotHave) {
  const std::string text = plan({"--ranks", "64", "--rows", "user_id=1e9", "--rows", "title_lookup=77",
                                 "--interactions", "1000000000", "--items", "10000000"});
  EXPECT_THAT(text, StartsWith("64 ranks x 1 thread, 64 lanes, batches of 2048; 1000000000 interactions, "
                               "10000000 candidates\n"));
  // 10^9 rows of 256 bytes on 64 ranks.
  EXPECT_THAT(text, AllOf(HasSubstr("user_id_lookup [1000000000, 32] sharded (chosen): 4.2 GB a rank"),
                          HasSubstr("title_lookup [77, 32] sharded (chosen): 585 B a rank")));
}

TEST(PlanCommand, OneRankSendsNothing) {
  const std::string text = plan({});
  EXPECT_THAT(text,
              AllOf(StartsWith("1 rank x 1 thread"), HasSubstr("\nsent by a rank in a step: nothing\n")));
}

TEST(PlanCommand, RefusesRowsThatCannotBe) {
  for (const std::string rows :
       {"user_id=-5", "user_id=0", "user_id=4294967296", "user_id=1e400", "user_id=nan", "user_id=1.5",
        "user_id=many", "user_id=7x", "user_id=", "user_id", "=", "user_id=1e400000"}) {
    EXPECT_THAT(refusal({"--rows", rows}),
                AllOf(StartsWith("--rows " + rows + ": expected FEATURE=N"), HasSubstr("1 to 4294967295")));
  }
  EXPECT_THAT(refusal({"--rows", "shoe_size=5"}),
              AllOf(HasSubstr("no embedding table of \"shoe_size\""), HasSubstr("user_id_lookup")));
  EXPECT_THAT(refusal({"--rows", "=5"}), HasSubstr("no embedding table of \"\""));
}

TEST(PlanCommand, RefusesOtherSizesThatCannotBe) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--ranks", "0"},
                                                    {"--ranks", "4097"},
                                                    {"--ranks", "-1"},
                                                    {"--ranks", "x"},
                                                    {"--interactions", "-1"},
                                                    {"--items", "99999999999999999999"}}) {
    EXPECT_THAT(refusal(arguments), AllOf(HasSubstr(arguments[0]), HasSubstr(arguments[1])));
  }
  EXPECT_THAT(refusal({"--ranks", "9", "--batch-size", "8"}), HasSubstr("--batch-size 8"));
}

TEST(PlanHelp, ListsItsOptionsAndThoseOfTraining) {
  const std::string help = std::regex_replace(plan({"--help"}), std::regex("\\s+"), " ");
  for (const char* fact : {"trainer plan [OPTIONS]", "Plan: ", "--ranks N ", "--rows FEATURE=N ",
                           "--interactions N ", "--items N|FILE ", "Exit codes:"}) {
    EXPECT_THAT(help, HasSubstr(fact));
  }
  auto self = mpi::Communicator::self();
  for (const auto& [name, value] : parse_train_options({}, self).settings) {
    EXPECT_THAT(help, HasSubstr("--" + name + " "));
  }
  EXPECT_EQ(plan({"--rows", "nonsense", "--help"}), plan({"--help"}));
  std::istringstream lines(plan({"--help"}));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 104U) << line;
}

TEST(ReportText, HasALineForEachTable) {
  plan::Plan plan;
  plan.ranks = 2;
  plan::Plan::Table table;
  table.shape.feature = "user_id_lookup";
  table.shape.rows = 944;
  table.shape.dim = 32;
  table.memory = 241664;
  table.sent = 97000;
  plan.tables.push_back(table);
  table.placement = exchange::Placement::sharded;
  table.was_chosen = true;
  plan.tables.push_back(table);
  EXPECT_EQ(tables_text(plan),
            "tables\n"
            "  user_id_lookup [944, 32] replicated: 241.7 kB a rank, 97.0 kB a step\n"
            "  user_id_lookup [944, 32] sharded (chosen): 241.7 kB a rank, 97.0 kB a step\n");
}

TEST(ReportText, IsBrokenBehindACommaOrAtABlankBeforeColumn80) {
  const std::string word(30, 'x');
  EXPECT_EQ(wrapped("short", 4), "short");
  EXPECT_EQ(wrapped(std::string(200, 'x'), 4), std::string(200, 'x'));
  EXPECT_EQ(wrapped(fmt::format("  {0} {0} {0}", word), 4), fmt::format("  {0} {0}\n    {0}", word));
  EXPECT_EQ(wrapped(fmt::format("  {0}, {0} b {0}", word + word), 4),
            fmt::format("  {0},\n    {0} b\n    {0}", word + word));
  EXPECT_EQ(wrapped(fmt::format("  {0}{0}{0} {0}", word), 4), fmt::format("  {0}{0}{0}\n    {0}", word));
  EXPECT_EQ(wrapped(fmt::format("{}, and more of it: b {}", word + "1234567890", word), 2),
            fmt::format("{},\n  and more of it: b {}", word + "1234567890", word));
}

TEST(ReportText, OfAPlanAddsUpMemoryAndTraffic) {
  plan::Plan plan;
  plan::Plan::Table table;
  table.memory = 1000;
  plan.tables = {table, table};
  plan.memory = {{"examples", 500}};
  plan.step_bytes = {1, 2, 3, 4, 5, 6, 7, 0};
  EXPECT_THAT(plan_text(plan),
              AllOf(ContainsRegex("  tables +2\\.0 kB\n  examples +500 B\n  total +2\\.5 kB\n"),
                    ContainsRegex("  deal +1 B\n  gather +2 B\n  lookup +3 B\n  share +4 B\n"),
                    ContainsRegex("  dense +6 B\n  rows +7 B\n  total +28 B\n$")));
  EXPECT_THAT(plan_text(plan), Not(HasSubstr("evaluation")));
}

}  // namespace
}  // namespace gemel::cli
