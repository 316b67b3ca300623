#include "report/run_reporter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <numeric>
#include <thread>

#include "mpi/communicator.hpp"

namespace gemel::report {
namespace {

using metering::Phase;
using metering::Traffic;

/// Keeps what it is told.
struct Listener : Observer {
  void on_activity(std::string_view what) override { activities.emplace_back(what); }
  void on_run(const RunReport& report) override { runs.push_back(report); }
  void on_step(const StepReport& report) override { steps.push_back(report); }
  void on_epoch(const EpochReport& report) override { epochs.push_back(report); }
  void on_validation(const ValidationReport& report) override { validations.push_back(report); }
  void on_checkpoint(const CheckpointReport& report) override { checkpoints.push_back(report); }
  void on_summary(const SummaryReport& report) override { summaries.push_back(report); }

  std::size_t events() const {
    return activities.size() + runs.size() + steps.size() + epochs.size() + validations.size() +
           checkpoints.size() + summaries.size();
  }

  std::vector<std::string> activities;
  std::vector<RunReport> runs;
  std::vector<StepReport> steps;
  std::vector<EpochReport> epochs;
  std::vector<ValidationReport> validations;
  std::vector<CheckpointReport> checkpoints;
  std::vector<SummaryReport> summaries;
};

class RunReporterTest : public testing::Test {
 protected:
  RunReporterTest() {
    RunReport run;
    run.train_examples = 800;
    run.validation_examples = 100;
    run.test_examples = 50;
    run.steps_per_epoch = 4;
    run.epochs = 3;
    reporter_.start(run);
    state_.history.push_back({1, 4, 2.5, {}});
    state_.epoch = 1;
    state_.step = 4;
  }
  bool is_root() const { return world_.is_root(); }
  /// A word to every other rank.
  void send(Traffic purpose) {
    const auto counting = reporter_.traffic().measure(purpose);
    world_.all_gather(std::int64_t{0});
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  Listener listener_;
  RunReporter reporter_{world_, listener_, ""};
  step::TrainingState state_;
};

TEST_F(RunReporterTest, TellsRootAlone) {
  reporter_.activity("reading the data");
  reporter_.step(state_);
  reporter_.training_took(0.5);
  reporter_.epoch(state_);
  reporter_.validation(state_.history[0], ingest::Part::validation, {}, 0.25);
  reporter_.checkpoint({.epoch = 1, .step = 4, .path = "c.h5"});
  reporter_.summary(state_, {});
  EXPECT_EQ(listener_.events(), is_root() ? 7U : 0U);
}

TEST_F(RunReporterTest, TellsAnEpochWithItsRate) {
  reporter_.training_took(0.25);
  reporter_.training_took(0.15);  // it was interrupted by a checkpoint
  reporter_.epoch(state_);
  reporter_.training_took(0.2);
  state_.history.push_back({2, 8, 2.25, {}});
  state_.epoch = 2;
  state_.step = 8;
  reporter_.epoch(state_);
  if (!is_root()) return;
  EXPECT_EQ(listener_.epochs[0].epoch, 1);
  EXPECT_EQ(listener_.epochs[0].loss, 2.5);
  EXPECT_NEAR(listener_.epochs[0].seconds, 0.4, 1e-12);
  EXPECT_NEAR(listener_.epochs[0].examples_per_second, 2000, 1e-6);
  EXPECT_EQ(listener_.epochs[1].loss, 2.25);
  EXPECT_NEAR(listener_.epochs[1].examples_per_second, 4000, 1e-6);
}

TEST_F(RunReporterTest, ValidationRatesAreOfTheirPart) {
  reporter_.validation(state_.history[0], ingest::Part::validation, {{{MetricKind::accuracy, 5}, 0.5}}, 0.5);
  reporter_.validation(state_.history[0], ingest::Part::test, {}, 0.5);
  if (!is_root()) return;
  EXPECT_EQ(listener_.validations[0].examples_per_second, 200);
  EXPECT_EQ(listener_.validations[0].metrics[0].second, 0.5);
  EXPECT_EQ(listener_.validations[1].examples_per_second, 100);
}

TEST_F(RunReporterTest, BytesAreOfAllRanksAndOfTheEpochAlone) {
  const auto others = static_cast<std::int64_t>(world_.size()) - 1;
  const auto in_all = [&](const metering::TrafficBytes& bytes) {
    return std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0});
  };
  std::vector<std::int64_t> sent;
  for (int epoch = 1; epoch <= 2; ++epoch) {
    const std::int64_t before = reporter_.traffic().bytes(Traffic::deal);
    for (int i = 0; i < epoch; ++i) send(Traffic::deal);
    sent.push_back(world_.sum(reporter_.traffic().bytes(Traffic::deal) - before));
    reporter_.epoch(state_);
  }
  reporter_.summary(state_, {});
  EXPECT_EQ(sent[1], 2 * sent[0]);
  EXPECT_EQ(sent[0] > 0, others > 0);
  if (!is_root()) return;
  for (std::size_t epoch = 0; epoch < 2; ++epoch) {
    EXPECT_EQ(listener_.epochs[epoch].bytes[static_cast<std::size_t>(Traffic::deal)], sent[epoch]);
    EXPECT_EQ(in_all(listener_.epochs[epoch].bytes), sent[epoch]);
  }
  EXPECT_EQ(in_all(listener_.summaries[0].bytes), sent[0] + sent[1]);
}

TEST_F(RunReporterTest, PhasesAreComparedOverRanks) {
  {
    const auto timing = reporter_.timer().measure(Phase::loss);
    std::this_thread::sleep_for(std::chrono::milliseconds(5 * (world_.rank() + 1)));
  }
  const std::vector<double> of_ranks = world_.all_gather(reporter_.timer().seconds(Phase::loss));
  reporter_.summary(state_, {});
  if (!is_root()) return;
  const SummaryReport& summary = listener_.summaries[0];
  constexpr auto loss = static_cast<std::size_t>(Phase::loss);
  EXPECT_EQ(summary.phase_min[loss], *std::min_element(of_ranks.begin(), of_ranks.end()));
  EXPECT_EQ(summary.phase_max[loss], *std::max_element(of_ranks.begin(), of_ranks.end()));
  EXPECT_NEAR(summary.phase_mean[loss] * static_cast<double>(of_ranks.size()),
              std::accumulate(of_ranks.begin(), of_ranks.end(), 0.0), 1e-12);
  EXPECT_EQ(summary.phase_max[static_cast<std::size_t>(Phase::gather)], 0);
}

TEST_F(RunReporterTest, OperationsASecondAreThoseOfTheirPhase) {
  {
    const auto timing = reporter_.timer().measure(Phase::forward);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    reporter_.timer().add_operations(Phase::forward, 1'000'000 * (world_.rank() + 1));
  }
  const std::vector<double> of_ranks = world_.all_gather(reporter_.timer().seconds(Phase::forward));
  reporter_.summary(state_, {});
  if (!is_root()) return;
  const double all_seconds = std::accumulate(of_ranks.begin(), of_ranks.end(), 0.0);
  const double all_operations = 1e6 * world_.size() * (world_.size() + 1) / 2;
  const SummaryReport& summary = listener_.summaries[0];
  EXPECT_NEAR(summary.phase_flops[static_cast<std::size_t>(Phase::forward)] * all_seconds, all_operations,
              1e-3);
  EXPECT_EQ(summary.phase_flops[static_cast<std::size_t>(Phase::loss)], 0);
}

TEST_F(RunReporterTest, OverlapIsToldOfExchangesBetweenRanks) {
  reporter_.timer().depart(Phase::share);
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  { const auto waiting = reporter_.timer().await(Phase::share); }
  reporter_.summary(state_, {});
  if (!is_root()) return;
  const auto overlap = listener_.summaries[0].phase_overlap;
  EXPECT_EQ(overlap[static_cast<std::size_t>(Phase::share)].has_value(), world_.size() > 1);
  EXPECT_GT(overlap[static_cast<std::size_t>(Phase::share)].value_or(1), 0.5);
  EXPECT_FALSE(overlap[static_cast<std::size_t>(Phase::reduce)].has_value());
}

TEST_F(RunReporterTest, TheSummaryTellsHowTheRunEnded) {
  Outcome stopped;
  stopped.stopped_early = true;
  stopped.checkpoint = "c.h5";
  stopped.metrics = {{{MetricKind::recall, 20}, 0.125}};
  reporter_.training_took(0.5);
  reporter_.epoch(state_);
  reporter_.summary(state_, stopped);
  reporter_.summary(state_, {});
  state_.epoch = 3;
  reporter_.summary(state_, {});
  state_.history.clear();
  reporter_.summary(state_, {});
  if (!is_root()) return;
  const std::vector<SummaryReport>& summaries = listener_.summaries;
  EXPECT_FALSE(summaries[0].interrupted);
  EXPECT_EQ(summaries[0].checkpoint, "c.h5");
  EXPECT_EQ(summaries[0].metrics, stopped.metrics);
  EXPECT_EQ(summaries[0].loss, 2.5);
  EXPECT_NEAR(summaries[0].examples_per_second, 1600, 1e-6);
  EXPECT_TRUE(summaries[1].interrupted);
  EXPECT_FALSE(summaries[2].interrupted);
  EXPECT_TRUE(std::isnan(summaries[3].loss));
}

}  // namespace
}  // namespace gemel::report
