#include "cli/progress.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "base/bytes_text.hpp"
#include "base/log.hpp"
#include "cli/observer_list.hpp"
#include "cli/report_text.hpp"

namespace gemel::cli {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

Metric top(std::int64_t k) {
  return {MetricKind::accuracy, k};
}

/// A run of 40 steps an epoch under a clock of its own.
class ProgressTest : public testing::Test {
 protected:
  void start(ProgressStyle style, std::int64_t validate_every, std::int64_t epochs = 300) {
    options_.validate_every = validate_every;
    options_.epochs = epochs;
    progress_ = std::make_unique<Progress>(
        out_, style, options_, [this] { return now_; }, [this] { return columns_; });
    progress_->on_run({.data = "MovieLens-100k",
                       .train_examples = 80000,
                       .test_examples = 20000,
                       .steps_per_epoch = 40,
                       .resumed_from = "",
                       .settings = {}});
    out_.str("");
  }

  /// Trains one epoch that takes so many seconds, with validation where it is due.
  void epoch(double seconds) {
    ++epoch_;
    for (std::int64_t step = 1; step <= 40; ++step) {
      now_ += seconds / 40;
      progress_->on_step({epoch_, options_.epoch_count(), step, 40});
    }
    progress_->on_epoch({.epoch = epoch_,
                         .step = 40 * epoch_,
                         .loss = 7.25,
                         .seconds = seconds,
                         .examples_per_second = 80000 / seconds});
    if (options_.validate_every == 0 || epoch_ % options_.validate_every != 0) return;
    progress_->on_validation(
        {.epoch = epoch_,
         .step = 40 * epoch_,
         .metrics =
             {{top(1), 0.0011}, {top(5), 0.0122}, {top(10), 0.0233}, {top(50), 0.1344}, {top(100), 0.2455}},
         .loss = 7.25});
  }

  std::int64_t lines() const {
    const std::string text = out_.str();
    return std::count(text.begin(), text.end(), '\n');
  }

  std::ostringstream out_;
  double now_ = 1000;
  std::size_t columns_ = 80;
  std::int64_t epoch_ = 0;
  TrainingOptions options_;
  std::unique_ptr<Progress> progress_;
};

TEST_F(ProgressTest, PrintsOneRowAnEpochWithItsMetrics) {
  start(ProgressStyle::lines, 5);
  for (int i = 0; i < 300; ++i) epoch(0.25);
  EXPECT_EQ(lines(), 1 + 300);
  EXPECT_THAT(out_.str(), ContainsRegex("^ epoch +step +loss +top-1 +top-5 +top-10 +top-50 +top-100 +s/epoch "
                                        "+examples/s\n +1 +40 +7\\.2500 +- +- +- +- +- +0\\.250 +320000\n"));
  EXPECT_THAT(out_.str(),
              ContainsRegex("\n +300 +12000 +7\\.2500 +0\\.0011 +0\\.0122 +0\\.0233 +0\\.1344 +0\\.2455 "
                            "+0\\.250 +320000\n$"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("\r")));
}

TEST_F(ProgressTest, PrintsARowAnEpochWithoutValidation) {
  start(ProgressStyle::lines, 0, 10);
  for (int i = 0; i < 9; ++i) epoch(0.6);
  EXPECT_EQ(lines(), 1 + 9);
  EXPECT_THAT(out_.str(), ContainsRegex("\n +9 +360 +7\\.2500 +- +- +- +- +- +0\\.600 +133333\n$"));
  epoch(0.6);  // its row is that of the evaluation in the end
  EXPECT_EQ(lines(), 1 + 9);
}

TEST_F(ProgressTest, PrintsARowAnEpochWhereThereIsNothingToEvaluate) {
  options_.validate_every = 1;
  options_.epochs = 1;
  Progress progress(out_, ProgressStyle::lines, options_);
  progress.on_run({.data = "all of it to train", .resumed_from = "", .settings = {}});
  progress.on_step({1, 1, 1, 1});
  progress.on_epoch({.epoch = 1, .step = 1, .loss = 2.5});
  EXPECT_THAT(out_.str(), ContainsRegex("\n +1 +1 +2\\.5000 "));
}

TEST_F(ProgressTest, PrintsRowsHoweverOftenCheckpointsAreReported) {
  start(ProgressStyle::lines, 0);
  for (int i = 0; i < 8; ++i) {
    epoch(1.5);
    progress_->on_checkpoint({.epoch = epoch_, .step = 40 * epoch_, .path = "c.h5"});
  }
  EXPECT_EQ(lines(), 1 + 8 + 8);
}

TEST_F(ProgressTest, TellsWhatTakesLongEveryThirtySeconds) {
  start(ProgressStyle::lines, 0);
  progress_->on_activity("reading the data");
  for (int second = 0; second < 95; ++second) {
    ++now_;
    progress_->tick();
  }
  EXPECT_EQ(out_.str(),
            "reading the data, for 30.0 s so far\nreading the data, for 60.0 s so far\n"
            "reading the data, for 90.0 s so far\n");
  out_.str("");
  progress_->on_step({1, 300, 7, 40});
  now_ += 40;
  progress_->tick();  // a step may take long, too
  EXPECT_THAT(out_.str(), HasSubstr("epoch 1/300, step 7/40  ETA "));
  EXPECT_EQ(lines(), 1);
}

TEST_F(ProgressTest, TicksByItself) {
  start(ProgressStyle::lines, 0);
  progress_->on_activity("evaluating");
  now_ += 31;
  progress_->keep_ticking();
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  progress_.reset();
  EXPECT_EQ(out_.str(), "evaluating, for 31.0 s so far\n");
}

TEST_F(ProgressTest, SaysHowFarReadingIs) {
  start(ProgressStyle::lines, 1);
  progress_->on_activity("reading the data");
  const ingest::ReadingProgress half = {.done = 300'000'000, .all = 600'000'000, .seconds = 2};
  progress_->tell_reading(half);
  EXPECT_EQ(out_.str(), "");
  now_ += 31;
  progress_->tell_reading(half);
  EXPECT_EQ(out_.str(),
            "reading the data: 300.0 MB of 600.0 MB, 150.0 MB/s, 00:02 left, for 31.0 s so far\n");
  progress_->tell_reading({.done = 600'000'000, .all = 600'000'000, .seconds = 4});
  now_ += 31;
  progress_->tick();
  EXPECT_THAT(out_.str(), testing::EndsWith("\nreading the data, for 62.0 s so far\n"));
}

TEST_F(ProgressTest, HasABarOfReadingFromTheFirstSecond) {
  start(ProgressStyle::bar, 1);
  progress_->on_activity("reading the data");
  now_ += 0.5;
  progress_->tell_reading({.done = 75'000'000, .all = 0, .seconds = 0.5});
  EXPECT_EQ(out_.str(), "\rreading the data: 75.0 MB, 150.0 MB/s\x1b[K");
  now_ += 0.05;
  progress_->tell_reading({.done = 76'000'000, .all = 0, .seconds = 0.55});
  EXPECT_EQ(out_.str(), "\rreading the data: 75.0 MB, 150.0 MB/s\x1b[K");
}

TEST_F(ProgressTest, FitsInto80ColumnsWhateverIsMeasured) {
  options_.metrics = {MetricKind::accuracy, MetricKind::recall, MetricKind::ndcg,
                      MetricKind::hit_rate, MetricKind::mrr,    MetricKind::coverage};
  options_.top_k = {1, 5, 10, 50, 100};
  start(ProgressStyle::lines, 1);
  MetricValues values;
  for (const Metric& metric : make_metrics(options_.metrics, options_.top_k))
    values.emplace_back(metric, 0.5);
  progress_->on_epoch({.epoch = 1, .step = 40});
  progress_->on_validation({.epoch = 1, .step = 40, .metrics = values, .loss = 123456.7});
  std::istringstream all(out_.str());
  for (std::string line; std::getline(all, line);) EXPECT_LE(line.size(), 80U) << line;
  for (const auto& [metric, value] : values)
    EXPECT_THAT(out_.str(), HasSubstr(" " + metric.name() + " 0.5000"));
}

TEST_F(ProgressTest, IsNotSilentForMuchMoreThanThirtySeconds) {
  start(ProgressStyle::lines, 5);
  epoch(300);
  EXPECT_GE(lines(), 9);
  EXPECT_LE(lines(), 12);
  EXPECT_THAT(out_.str(), HasSubstr("epoch 1/300, step 4/40"));
}

TEST_F(ProgressTest, EstimatesTheTimeLeftFromThePace) {
  start(ProgressStyle::lines, 0, 2);
  epoch(40);  // a second a step; the first line comes after 30 of 80 steps
  EXPECT_THAT(out_.str(), HasSubstr("epoch 1/2, step 30/40  ETA 00:50\n"));
}

TEST_F(ProgressTest, RedrawsTheBarAtMostTenTimesASecond) {
  start(ProgressStyle::bar, 0);
  for (int i = 0; i < 100; ++i) epoch(0.1);  // 10 s, 4000 steps
  const std::string text = out_.str();
  EXPECT_LE(std::count(text.begin(), text.end(), '\r'), 101);
  EXPECT_GE(std::count(text.begin(), text.end(), '\r'), 75);  // steps of 1/400 s may fall just before a tenth
  EXPECT_EQ(lines(), 0);
  EXPECT_THAT(text, AllOf(HasSubstr("epoch 50/300 step "), HasSubstr("loss 7.2500"), HasSubstr("ETA 00:2")));
}

TEST_F(ProgressTest, DrawsTheBarAsWideAsTheTerminal) {
  for (const std::size_t columns : {1000U, 200U, 80U, 50U, 20U}) {
    columns_ = columns;
    start(ProgressStyle::bar, 0);
    progress_->on_step({150, 300, 20, 40});
    const std::string text = out_.str();
    ASSERT_TRUE(text.starts_with("\r") && text.ends_with("\x1b[K")) << text;
    const std::string line = text.substr(1, text.size() - 4);
    if (columns >= 80) {
      EXPECT_EQ(line.size(), columns - 1);
      EXPECT_THAT(line, AllOf(ContainsRegex("^#+\\.+ epoch 150/300 step 20/40 "), HasSubstr(" examples/s")));
    }
    EXPECT_LE(line.size(), columns - 1);
    progress_.reset();
  }
}

TEST_F(ProgressTest, ErasesTheBarBeforeALogLine) {
  base::set_up_log("error", true);
  start(ProgressStyle::bar, 0);
  progress_->on_step({1, 300, 1, 40});
  testing::internal::CaptureStderr();
  spdlog::error("a test");
  const std::string logged = testing::internal::GetCapturedStderr();
  EXPECT_THAT(logged, testing::EndsWith(" error: a test\n"));
  EXPECT_THAT(out_.str(), testing::EndsWith("\r\x1b[K"));
  const std::string erased = out_.str();
  testing::internal::CaptureStderr();
  spdlog::error("another");  // there is nothing to erase
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(out_.str(), erased);
}

TEST(TerminalColumns, AreThoseOfTheVariableWhereThereIsNoTerminal) {
  const int no_terminal = open("/dev/null", O_RDONLY);
  ASSERT_GE(no_terminal, 0);
  setenv("COLUMNS", "123", 1);
  EXPECT_EQ(terminal_columns(no_terminal), 123U);
  for (const char* nonsense : {"", "-7", "wide"}) {
    setenv("COLUMNS", nonsense, 1);
    EXPECT_EQ(terminal_columns(no_terminal), 80U);
  }
  unsetenv("COLUMNS");
  EXPECT_EQ(terminal_columns(no_terminal), 80U);
  close(no_terminal);
}

TEST_F(ProgressTest, ErasesTheBarBeforeARow) {
  start(ProgressStyle::bar, 1);
  epoch(10);
  EXPECT_THAT(out_.str(), ContainsRegex("\r.\\[K epoch +step.*\n +1 +40 +7\\.2500 "));
}

TEST_F(ProgressTest, ReportsCheckpoints) {
  start(ProgressStyle::lines, 5);
  progress_->on_checkpoint({.epoch = 3,
                            .step = 120,
                            .path = "checkpoints/a.h5",
                            .seconds = 0.25,
                            .waiting_seconds = 0.1,
                            .bytes = 4200000});
  EXPECT_EQ(
      out_.str(),
      "checkpoint after epoch 3, step 120: checkpoints/a.h5 (4.2 MB in 0.25 s; training waited 0.10 s)\n");
}

TEST(ProgressStyle, IsLinesUnderMpirunAndOtherwiseAsAskedFor) {
  const char* set_by_mpirun = "OMPI_COMM_WORLD_SIZE";
  const bool was_set = getenv(set_by_mpirun) != nullptr;
  setenv(set_by_mpirun, "1", 0);
  EXPECT_EQ(resolve(ProgressStyle::automatic), ProgressStyle::lines);
  EXPECT_EQ(resolve(ProgressStyle::bar), ProgressStyle::bar);
  EXPECT_EQ(resolve(ProgressStyle::none), ProgressStyle::none);
  if (!was_set) unsetenv(set_by_mpirun);
}

TEST(RunText, TellsSizesAndSettings) {
  const std::string text = run_text({.data = "MovieLens-100k",
                                     .interactions = 100000,
                                     .train_examples = 80000,
                                     .test_examples = 20000,
                                     .candidates = 1682,
                                     .dense_parameters = 6304,
                                     .table_parameters = 123456,
                                     .steps_per_epoch = 40,
                                     .ranks = 8,
                                     .threads = 1,
                                     .first_epoch = 7,
                                     .resumed_from = "c/a.h5",
                                     .settings = {{"epochs", "300"}, {"layers", "64,32"}}});
  for (const char* fact :
       {"MovieLens-100k: 100000 interactions (80000 to train, 20000 to test), 1682 candidates\n",
        "8 ranks x 1 thread; 40 steps an epoch; 6304 dense parameters, 123456 in",
        "resumed after epoch 7 from c/a.h5\n"}) {
    EXPECT_THAT(text, HasSubstr(fact));
  }
  EXPECT_THAT(text, ContainsRegex("\n  epochs +300\n  layers +64,32\n"));
}

TEST(RunText, TellsOfValidationExamples) {
  report::RunReport report;
  report.train_examples = 7;
  report.validation_examples = 2;
  report.test_examples = 1;
  EXPECT_THAT(run_text(report), HasSubstr("(7 to train, 2 for validation, 1 to test)"));
}

TEST(SummaryText, TellsWhatWasReachedAndWhatItTook) {
  report::SummaryReport report;
  report.epoch = 300;
  report.step = 12000;
  report.loss = 5.94712;
  report.metrics = {{top(1), 0.00123}, {top(100), 0.25}};
  report.seconds = 75.25;
  report.training_seconds = 70.5;
  report.evaluation_seconds = 4.25;
  report.checkpoint_seconds = 0.5;
  report.examples_per_second = 340425.4;
  report.checkpoint = "checkpoints/b.h5";
  report.bytes[static_cast<std::size_t>(metering::Traffic::share)] = 1500000;
  report.bytes[static_cast<std::size_t>(metering::Traffic::dense)] = 500000;
  const auto loss = static_cast<std::size_t>(metering::Phase::loss);
  report.phase_min[loss] = 1.5;
  report.phase_mean[loss] = 2.5;
  report.phase_max[loss] = 3.5;
  report.phase_flops[loss] = 123.45e9;
  report.phase_overlap[static_cast<std::size_t>(metering::Phase::share)] = 0.75;
  const std::string text = summary_text(report);
  for (const char* fact :
       {"Finished after epoch 300, step 12000, in 75.2 s: training 70.5 s, evaluation 4.25 s, "
        "checkpoints 0.50 s\n",
        "340425 training examples per second; loss 5.9471 per example\n",
        "last checkpoint: checkpoints/b.h5\n"}) {
    EXPECT_THAT(text, HasSubstr(fact));
  }
  for (const char* row :
       {"top-1 +0\\.0012\n", "top-100 +0\\.2500\n", "share +1\\.5 MB\n", "dense +500\\.0 kB\n",
        "total +2\\.0 MB\n", "loss +1\\.500 +2\\.500 +3\\.500 +123\\.5 +\n",
        "share +0\\.000 +0\\.000 +0\\.000 +75 %\n"}) {
    EXPECT_THAT(text, ContainsRegex(row));
  }
  EXPECT_THAT(text, HasSubstr("accuracy on the test examples\n"));
  report.baselines = {{{top(100), 0.125}, {top(1), 0.5}}, {{top(1), 0.0625}, {top(100), 0.03125}}};
  EXPECT_THAT(summary_text(report),
              ContainsRegex(" +model +popularity +random\n +top-1 +0\\.0012 +0\\.5000 +0\\.0625\n"
                            " +top-100 +0\\.2500 +0\\.1250 +0\\.0312\n"));
  report.part = ingest::Part::validation;
  EXPECT_THAT(summary_text(report), HasSubstr("accuracy on the validation examples\n"));
  report.interrupted = true;
  EXPECT_THAT(summary_text(report), HasSubstr("Interrupted after epoch 300"));
}

TEST(SummaryText, HasNoTableOfBytesWhereNobodySendsAny) {
  EXPECT_THAT(summary_text({}), Not(HasSubstr("bytes between ranks")));
}

TEST(SummaryText, HasTablesOf80Columns) {
  std::istringstream all(summary_text({}));
  for (std::string line; std::getline(all, line);) {
    if (line.starts_with(" ")) {
      EXPECT_LE(line.size(), 80U) << line;
    }
  }
}

TEST(RunText, HasTablesOf80Columns) {
  report::RunReport report;
  report.settings = {
      {"query-feature", "user_id:lookup:32 timestamp:bucketize(1000):32 timestamp:normalize and:more"},
      {"metrics-file", std::string(100, 'x')}};
  std::istringstream all(run_text(report));
  for (std::string line; std::getline(all, line);) {
    if (line.starts_with(" ") && line.find("xxx") == std::string::npos) {
      EXPECT_LE(line.size(), 80U) << line;
    }
  }
  EXPECT_THAT(run_text(report),
              HasSubstr("  query-feature             user_id:lookup:32 timestamp:bucketize(1000):32\n"
                        "                            timestamp:normalize and:more\n"));
}

TEST(SummaryText, TellsOfTheBestCheckpoint) {
  report::SummaryReport report;
  report.epoch = 30;
  report.metrics = {{top(10), 0.125}, {{MetricKind::hit_rate, 10}, 0.5}};
  report.best = report::BestReport{"top-10", 0.125, 20, 800, "c/best.h5"};
  report.stopped_early = true;
  report.checkpoint = "c/last.h5";
  const std::string text = summary_text(report);
  for (const char* fact : {"Stopped early after epoch 30,",
                           "accuracy on the test examples, of the best checkpoint (epoch 20)\n    top-10 ",
                           "metrics of the users with test examples, of the best checkpoint (epoch 20)\n    "
                           "hit-rate-10 0.5000\n",
                           "best top-10: 0.1250 after epoch 20, step 800\n",
                           "best checkpoint: c/best.h5\nlast checkpoint: c/last.h5\n"}) {
    EXPECT_THAT(text, HasSubstr(fact));
  }
  report.best->checkpoint = "";
  EXPECT_THAT(summary_text(report),
              AllOf(HasSubstr("test examples\n    top-10 "), Not(HasSubstr("best checkpoint"))));
}

TEST_F(ProgressTest, GivesLongNamesOfMetricsTheirRoom) {
  options_.metrics = {MetricKind::hit_rate};
  options_.top_k = {100};
  start(ProgressStyle::lines, 1);
  progress_->on_validation({.epoch = 1, .step = 40, .metrics = {{{MetricKind::hit_rate, 100}, 0.5}}});
  EXPECT_THAT(out_.str(), AllOf(HasSubstr(" loss hit-rate-100 "), HasSubstr(" 0.0000       0.5000 ")));
}

TEST(ReportText, ScalesBytesAndSeconds) {
  EXPECT_EQ(base::bytes_text(0), "0 B");
  EXPECT_EQ(base::bytes_text(999), "999 B");
  EXPECT_EQ(base::bytes_text(1000), "1.0 kB");
  EXPECT_EQ(base::bytes_text(999'960), "1.0 MB");
  EXPECT_EQ(base::bytes_text(123'456'789'012), "123.5 GB");
  EXPECT_EQ(seconds_text(0.123), "0.12 s");
  EXPECT_EQ(seconds_text(123.44), "123.4 s");
  EXPECT_EQ(seconds_text(3723), "1:02:03");
}

/// Notes what it is told.
class Recorder : public report::Observer {
 public:
  explicit Recorder(std::vector<std::string>& notes) : notes_(notes) {}
  void on_activity(std::string_view what) override { notes_.emplace_back(what); }
  void on_run(const report::RunReport& report) override {
    notes_.push_back("run " + report.settings.at(0).second);
  }
  void on_step(const report::StepReport&) override { notes_.push_back("step"); }
  void on_epoch(const report::EpochReport&) override { notes_.push_back("epoch"); }
  void on_validation(const report::ValidationReport&) override { notes_.push_back("validation"); }
  void on_checkpoint(const report::CheckpointReport&) override { notes_.push_back("checkpoint"); }
  void on_summary(const report::SummaryReport&) override { notes_.push_back("summary"); }

 private:
  std::vector<std::string>& notes_;
};

TEST(ObserverList, TellsAllObserversEverything) {
  std::vector<std::string> first;
  std::vector<std::string> second;
  const std::vector<std::pair<std::string, std::string>> settings = {{"epochs", "300"}};
  ObserverList list(settings);
  list.add(std::make_unique<Recorder>(first));
  list.add(std::make_unique<Recorder>(second));
  list.on_activity("reading");
  list.on_run({});
  list.on_step({});
  list.on_epoch({});
  list.on_validation({});
  list.on_checkpoint({});
  list.on_summary({});
  EXPECT_THAT(first, testing::ElementsAre("reading", "run 300", "step", "epoch", "validation", "checkpoint",
                                          "summary"));
  EXPECT_EQ(first, second);
}

}  // namespace
}  // namespace gemel::cli
