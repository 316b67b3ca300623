#include "report/metrics_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.hpp"

namespace gemel::report {
namespace {

using nlohmann::json;

/// Numbers with no short decimal form.
constexpr double third = 1.0 / 3;
constexpr double tiny = std::numeric_limits<double>::denorm_min();

class MetricsFileTest : public testing::Test {
 protected:
  MetricsFileTest() { std::filesystem::remove(path_); }
  ~MetricsFileTest() override { std::filesystem::remove(path_); }

  /// The file's lines, parsed.
  std::vector<json> events() const {
    std::ifstream file(path_);
    std::vector<json> events;
    for (std::string line; std::getline(file, line);) events.push_back(json::parse(line));
    return events;
  }

  std::vector<std::string> kinds() const {
    std::vector<std::string> kinds;
    for (const json& event : events()) kinds.push_back(event.at("event"));
    return kinds;
  }

  // Several ranks run this test at once.
  std::string path_ = testing::TempDir() + "gemel_metrics_" + std::to_string(getpid()) + ".jsonl";
};

TEST_F(MetricsFileTest, WritesEpochsWithAllTheirDigits) {
  EpochReport report;
  report.epoch = 3;
  report.step = 120;
  report.loss = 7 + third;
  report.seconds = tiny;
  report.examples_per_second = 1e6 * third;
  for (std::size_t i = 0; i < report.phases.size(); ++i)
    report.phases[i] = third * static_cast<double>(i + 1);
  for (std::size_t i = 0; i < report.bytes.size(); ++i)
    report.bytes[i] = (std::int64_t{1} << 60) + std::int64_t(i);
  MetricsFile file(path_);
  file.on_epoch(report);

  // Read while the writer still has the file open: every line is flushed.
  ASSERT_EQ(events().size(), 1U);
  const json event = events()[0];
  EXPECT_EQ(event.at("event"), "epoch");
  EXPECT_EQ(event.at("epoch"), 3);
  EXPECT_EQ(event.at("step"), 120);
  EXPECT_EQ(event.at("loss").get<double>(), 7 + third);
  EXPECT_EQ(event.at("seconds").get<double>(), tiny);
  EXPECT_EQ(event.at("examples_per_second").get<double>(), 1e6 * third);
  EXPECT_EQ(event.at("phase_seconds").size(), 12U);
  EXPECT_EQ(event.at("phase_seconds").at("deal").get<double>(), third);
  EXPECT_EQ(event.at("phase_seconds").at("checkpoint").get<double>(), third * 12);
  EXPECT_EQ(event.at("bytes").size(), metering::traffic_names.size());
  EXPECT_EQ(event.at("bytes").at("gather").get<std::int64_t>(), (std::int64_t{1} << 60) + 1);
}

TEST_F(MetricsFileTest, WritesValidations) {
  MetricsFile(path_).on_validation(
      {.epoch = 5,
       .step = 200,
       .metrics = {{{MetricKind::accuracy, 1}, third}, {{MetricKind::hit_rate, 100}, 0.25}},
       .loss = 2 * third,
       .seconds = 0.5,
       .examples_per_second = 40000});
  ASSERT_EQ(events().size(), 1U);
  EXPECT_EQ(events()[0], json({{"event", "validation"},
                               {"part", "test"},
                               {"epoch", 5},
                               {"step", 200},
                               {"loss", 2 * third},
                               {"top_1", third},
                               {"hit_rate_100", 0.25},
                               {"seconds", 0.5},
                               {"examples_per_second", 40000.0}}));
}

TEST_F(MetricsFileTest, SaysWhichExamplesWereEvaluated) {
  MetricsFile file(path_);
  file.on_run({.data = "", .validation_examples = 7, .resumed_from = "", .settings = {}});
  file.on_validation({.epoch = 5, .metrics = {}, .part = ingest::Part::validation});
  file.on_validation({.epoch = 5, .metrics = {}, .part = ingest::Part::test});
  ASSERT_EQ(events().size(), 3U);
  EXPECT_EQ(events()[0].at("validation_examples"), 7);
  EXPECT_EQ(events()[1].at("event"), "validation");
  EXPECT_EQ(events()[1].at("part"), "validation");
  EXPECT_EQ(events()[2].at("event"), "test");
  EXPECT_EQ(events()[2].at("part"), "test");
}

TEST_F(MetricsFileTest, WritesTheSummary) {
  SummaryReport report;
  report.epoch = 300;
  report.step = 12000;
  report.loss = third;
  report.metrics = {{{MetricKind::accuracy, 10}, 0.125}};
  report.baselines = {{{{MetricKind::accuracy, 10}, 0.0625}}, {{{MetricKind::accuracy, 10}, 0.03125}}};
  report.best = BestReport{"top-10", 0.25, 200, 8000, "checkpoints/b.h5"};
  report.stopped_early = true;
  report.seconds = 10;
  report.training_seconds = 7;
  report.evaluation_seconds = 2;
  report.checkpoint_seconds = 1;
  report.examples_per_second = 4;
  report.checkpoint = "checkpoints/\xff.h5";  // a file name need not be UTF-8
  report.phase_min[1] = 1;
  report.phase_mean[1] = 2;
  report.phase_max[1] = 3;
  report.phase_flops[1] = 4;
  report.phase_overlap[1] = 0.5;
  report.bytes[static_cast<std::size_t>(metering::Traffic::dense)] = 5;
  MetricsFile(path_).on_summary(report);
  ASSERT_EQ(events().size(), 1U);
  const json event = events()[0];
  EXPECT_EQ(event.at("event"), "summary");
  EXPECT_EQ(event.at("part"), "test");
  EXPECT_EQ(event.at("epoch"), 300);
  EXPECT_EQ(event.at("step"), 12000);
  EXPECT_EQ(event.at("loss").get<double>(), third);
  EXPECT_EQ(event.at("top_10"), 0.125);
  EXPECT_EQ(event.at("popularity").at("top_10"), 0.0625);
  EXPECT_EQ(event.at("random").at("top_10"), 0.03125);
  EXPECT_EQ(event.at("seconds"), 10);
  EXPECT_EQ(event.at("training_seconds"), 7);
  EXPECT_EQ(event.at("evaluation_seconds"), 2);
  EXPECT_EQ(event.at("checkpoint_seconds"), 1);
  EXPECT_EQ(event.at("examples_per_second"), 4);
  EXPECT_EQ(event.at("flops_per_second"), (json{{metering::phase_names[1], 4.0}}));
  EXPECT_EQ(event.at("overlap"), (json{{metering::phase_names[1], 0.5}}));
  EXPECT_EQ(event.at("checkpoint"), "checkpoints/\xef\xbf\xbd.h5");
  EXPECT_EQ(event.at("interrupted"), false);
  EXPECT_EQ(event.at("best"), json({{"monitor", "top-10"},
                                    {"value", 0.25},
                                    {"epoch", 200},
                                    {"step", 8000},
                                    {"checkpoint", "checkpoints/b.h5"}}));
  EXPECT_EQ(event.at("stopped_early"), true);
  EXPECT_EQ(event.at("phase_seconds").size(), 12U);
  EXPECT_EQ(event.at("phase_seconds").at("gather"), json({{"min", 1}, {"mean", 2}, {"max", 3}}));
  EXPECT_EQ(event.at("bytes").at("dense"), 5);
}

TEST_F(MetricsFileTest, WritesRunsAndCheckpoints) {
  MetricsFile file(path_);
  file.on_run({.data = "synthetic",
               .candidates = 1682,
               .ranks = 3,
               .resumed_from = "",
               .settings = {{"top-k", "1,5"}}});
  file.on_checkpoint(
      {.epoch = 50, .step = 2000, .path = "c/a.h5", .seconds = 0.5, .waiting_seconds = 0.125, .bytes = 123});
  ASSERT_EQ(events().size(), 2U);
  EXPECT_EQ(events()[0].at("event"), "run");
  EXPECT_EQ(events()[0].at("data"), "synthetic");
  EXPECT_EQ(events()[0].at("candidates"), 1682);
  EXPECT_EQ(events()[0].at("ranks"), 3);
  EXPECT_EQ(events()[0].at("settings").at("top-k"), "1,5");
  EXPECT_EQ(events()[1], json({{"event", "checkpoint"},
                               {"epoch", 50},
                               {"step", 2000},
                               {"path", "c/a.h5"},
                               {"seconds", 0.5},
                               {"waiting_seconds", 0.125},
                               {"bytes", 123}}));
}

TEST_F(MetricsFileTest, ALossThatIsNotANumberIsNull) {
  MetricsFile(path_).on_epoch({.loss = std::nan("")});
  ASSERT_EQ(events().size(), 1U);
  EXPECT_TRUE(events()[0].at("loss").is_null());
}

TEST_F(MetricsFileTest, AFreshRunReplacesTheFileAndAResumedOneGoesOn) {
  const auto run = [&](const char* resumed_from) {
    MetricsFile file(path_);
    RunReport report;
    report.resumed_from = resumed_from;
    file.on_run(report);
    file.on_epoch({});
  };
  run("");
  run("checkpoint.h5");
  EXPECT_THAT(kinds(), testing::ElementsAre("run", "epoch", "run", "epoch"));
  run("");
  EXPECT_THAT(kinds(), testing::ElementsAre("run", "epoch"));
}

TEST_F(MetricsFileTest, WhatFailsBeforeTheRunBeginsLeavesTheFileAlone) {
  MetricsFile(path_).on_epoch({});
  { MetricsFile file(path_); }
  EXPECT_THAT(kinds(), testing::ElementsAre("epoch"));
}

TEST(MetricsFile, RefusesAPathThatCannotBeWritten) {
  try {
    MetricsFile file("no/such/directory/metrics.jsonl");
    FAIL() << "the file was opened";
  } catch (const base::UsageError& error) {
    EXPECT_THAT(error.what(),
                testing::AllOf(testing::StartsWith("--metrics-file no/such/directory/metrics.jsonl: "),
                               testing::HasSubstr("No such file or directory")));
  }
}

TEST(MetricsFile, WarnsOnceWhenTheDiskIsFull) {
  ASSERT_EQ(access("/dev/full", W_OK), 0) << "the test writes to it";
  std::ostringstream log;
  const auto usual = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
  MetricsFile file("/dev/full");
  EXPECT_NO_THROW(file.on_run({}));
  EXPECT_NO_THROW(file.on_epoch({}));
  EXPECT_NO_THROW(file.on_summary({}));
  spdlog::set_default_logger(usual);
  const std::string text = log.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  EXPECT_THAT(text, testing::HasSubstr("No space left on device"));
}

}  // namespace
}  // namespace gemel::report
