#include "run/run_checkpoints.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mpi/agreement.hpp"
#include "support/step_setting.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::run {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;

/// A run without the trainer's loop: its checkpoints, and what they are of.
struct SmallRun {
  explicit SmallRun(const TrainingOptions& of_run, std::unique_ptr<EarlierCheckpoint> earlier = nullptr)
      : options(of_run), checkpoints(options, world, std::move(earlier)) {
    setting.emplace(options, checkpoints.earlier());
    loaded = checkpoints.load(setting->learner, setting->data);
    state.lane_losses.assign(static_cast<std::size_t>(options.lanes), 0.0);
    if (loaded) state = *loaded;
  }

  /// Trains an epoch, and writes a checkpoint.
  void train_epoch(std::optional<std::int64_t> best = std::nullopt) {
    setting->learner.deal.deal(state.epoch);
    setting->run_epoch();
    ++state.epoch;
    state.step += setting->learner.deal.batches();
    state.history.push_back({state.epoch, state.step, 1.5, {0.25}});
    save(best);
  }
  void save(std::optional<std::int64_t> best = std::nullopt) {
    setting->learner.optimizer.settle_all();
    checkpoints.save(setting->learner, setting->data, state, best);
    checkpoints.finish();
  }
  bool restore(const std::filesystem::path& path) { return checkpoints.restore(path, setting->learner); }

  /// What this rank holds of the weights and of the state of the optimiser.
  std::vector<float> values() {
    std::vector<float> all;
    const auto add = [&](std::span<const float> some) { all.insert(all.end(), some.begin(), some.end()); };
    add(setting->learner.model.dense().values());
    for (const auto* table : setting->learner.model.tables()) add(table->weights().view().flat());
    for (const auto& slot : setting->learner.optimizer.slots()) {
      add(slot.dense);
      for (const auto& table : slot.tables) add(table.view().flat());
    }
    return all;
  }

  const TrainingOptions options;
  mpi::Communicator world = mpi::Communicator::world();
  RunCheckpoints checkpoints;
  std::optional<test::StepSetting> setting;
  std::optional<step::TrainingState> loaded;  // nothing for a fresh run
  step::TrainingState state;
};

class RunCheckpointsTest : public testing::Test {
 protected:
  RunCheckpointsTest() {
    options_.data.synthetic = {.users = 60, .items = 50, .interactions = 1500};
    options_.batch_size = 256;
    options_.top_k = {10};
    options_.checkpoint.directory = directory_.path().string();
  }
  TrainingOptions resuming(const std::string& what) {
    TrainingOptions options = options_;
    options.checkpoint.resume = what;
    return options;
  }
  /// The error that every rank gets.
  std::string error_of(base::ExitCode code, const std::function<void()>& action) {
    std::string message = "no AgreedError";
    try {
      action();
    } catch (const mpi::AgreedError& error) {
      EXPECT_EQ(error.code(), code);
      message = error.what();
    }
    EXPECT_THAT(world_.all_gather(message), Each(message));
    return message;
  }
  void on_root(const std::function<void()>& action) {
    world_.barrier();
    if (world_.is_root()) action();
    world_.barrier();
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
  TrainingOptions options_;
};

TEST_F(RunCheckpointsTest, AFreshRunGoesOnFromNothing) {
  for (const char* resume : {"", "auto"}) {
    const SmallRun fresh(resuming(resume));
    EXPECT_EQ(fresh.checkpoints.earlier(), nullptr);
    EXPECT_FALSE(fresh.loaded);
    EXPECT_EQ(fresh.checkpoints.resumed_from(), "");
    EXPECT_EQ(fresh.checkpoints.last(), "");
    EXPECT_EQ(fresh.checkpoints.find(1), "");
  }
}

TEST_F(RunCheckpointsTest, AResumedRunGoesOnFromWhatWasSaved) {
  std::vector<float> saved;
  std::filesystem::path path;
  std::int64_t step = 0;
  {
    SmallRun first(options_);
    first.train_epoch();
    first.train_epoch();
    saved = first.values();
    path = first.checkpoints.last();
    step = first.state.step;
  }
  for (const std::string& resume : {path.string(), std::string("auto")}) {
    SmallRun second(resuming(resume));
    EXPECT_EQ(second.checkpoints.resumed_from(), path);
    EXPECT_EQ(second.checkpoints.last(), path);
    ASSERT_TRUE(second.loaded);
    EXPECT_EQ(second.loaded->epoch, 2);
    EXPECT_EQ(second.loaded->step, step);
    ASSERT_EQ(second.loaded->history.size(), 2U);
    EXPECT_EQ(second.loaded->history[1].metrics, std::vector<double>{0.25});
    EXPECT_EQ(second.loaded->compared_after, 0);
    EXPECT_EQ(second.values(), saved);
    EXPECT_EQ(second.checkpoints.find(step), path);
  }
}

TEST_F(RunCheckpointsTest, GoesOnFromACheckpointThatWasOpenedForItsOptions) {
  std::vector<float> saved;
  {
    SmallRun first(options_);
    first.train_epoch();
    saved = first.values();
  }
  for (const bool are_others : {false, true}) {
    auto earlier = EarlierCheckpoint::open(resuming("auto").checkpoint, world_);
    ASSERT_TRUE(earlier);
    EXPECT_THAT(earlier->config(), HasSubstr("\"batch-size\": 256"));
    EXPECT_THAT(earlier->options(), HasSubstr("\"synthetic-items\": 50"));
    EXPECT_EQ(earlier->data().interactions, 1500);
    if (are_others) earlier->close();  // the run's ranks open it again
    const TrainingOptions options = resuming(earlier->path().string());
    SmallRun second(options, std::move(earlier));
    EXPECT_EQ(second.values(), saved);
  }
}

TEST_F(RunCheckpointsTest, KeepsTheNewestAndTheBest) {
  options_.checkpoint.keep = 1;
  SmallRun run(options_);
  std::vector<std::int64_t> steps;
  std::optional<std::int64_t> best;
  for (int epoch = 0; epoch < 4; ++epoch) {
    run.train_epoch(best);
    steps.push_back(run.state.step);
    if (epoch == 1) best = run.state.step;
  }
  EXPECT_EQ(run.checkpoints.find(steps[0]), "");
  EXPECT_NE(run.checkpoints.find(steps[1]), "");
  EXPECT_EQ(run.checkpoints.find(steps[2]), "");
  EXPECT_EQ(run.checkpoints.find(steps[3]), run.checkpoints.last());
}

TEST_F(RunCheckpointsTest, FindsTheBestOfBeforeItWasResumed) {
  std::int64_t step = 0;
  {
    SmallRun first(options_);
    first.train_epoch();
    step = first.state.step;
    first.train_epoch();
  }
  const SmallRun second(resuming("auto"));
  EXPECT_NE(second.checkpoints.find(step), "");
}

TEST_F(RunCheckpointsTest, WritesNoneOfATrainingThatHasDiverged) {
  SmallRun run(options_);
  run.train_epoch();
  const std::filesystem::path sound = run.checkpoints.last();
  auto weights = run.setting->learner.model.candidate().tables()[0].weights().view();
  if (world_.rank() == world_.size() - 1 && weights.rows() > 0)
    weights(0, 0) = std::numeric_limits<float>::quiet_NaN();
  const std::string message = error_of(base::ExitCode::diverged, [&] { run.train_epoch(); });
  EXPECT_THAT(message, AllOf(HasSubstr("/weights would have values that are no finite numbers"),
                             HasSubstr(sound.string())));
  EXPECT_EQ(run.checkpoints.last(), sound);
  EXPECT_EQ(run.checkpoints.find(run.state.step), "");
  EXPECT_NE(run.checkpoints.find(run.state.step - run.setting->learner.deal.batches()), "");
}

TEST_F(RunCheckpointsTest, RestoresTheModelOfAnEarlierStep) {
  SmallRun run(options_);
  run.train_epoch();
  const std::filesystem::path first = run.checkpoints.last();
  const std::vector<float> saved = run.values();
  run.train_epoch();
  const std::vector<float> later = run.values();
  EXPECT_NE(world_.all_gather(saved == later ? 1 : 0), std::vector<int>(world_.size(), 1));
  EXPECT_TRUE(run.restore(first));
  EXPECT_EQ(run.values(), saved);
}

TEST_F(RunCheckpointsTest, LeavesTheModelAloneWhereACheckpointIsDamaged) {
  SmallRun run(options_);
  run.train_epoch();
  const std::filesystem::path first = run.checkpoints.last();
  run.train_epoch();
  const std::vector<float> later = run.values();
  on_root([&] { std::filesystem::resize_file(first, std::filesystem::file_size(first) / 2); });
  EXPECT_FALSE(run.restore(first));
  EXPECT_FALSE(run.restore(directory_ / "missing.h5"));
  EXPECT_EQ(run.values(), later);
}

TEST_F(RunCheckpointsTest, RefusesAnotherModelBeforeDataIsRead) {
  { SmallRun(options_).train_epoch(); }
  TrainingOptions other = resuming("auto");
  other.model.layers = {8};
  EXPECT_THAT(error_of(base::ExitCode::checkpoint, [&] { RunCheckpoints(other, world_); }),
              AllOf(HasSubstr("--layers 32"), HasSubstr("this run has 8")));
}

TEST_F(RunCheckpointsTest, OnOtherDataAnEpochUnderWayBeginsAnew) {
  {
    SmallRun first(options_);
    first.train_epoch();
    first.state.step_in_epoch = 2;
    first.state.step += 2;
    first.state.lane_losses.assign(8, 3.0);
    first.save();
  }
  std::filesystem::path path;
  {
    const SmallRun same(resuming("auto"));
    path = same.checkpoints.last();
    ASSERT_TRUE(same.loaded);
    EXPECT_EQ(same.loaded->step_in_epoch, 2);
    EXPECT_THAT(same.loaded->lane_losses, Each(3.0));
  }
  options_.data.synthetic.interactions = 1600;
  const SmallRun other(resuming(path.string()));
  ASSERT_TRUE(other.loaded);
  EXPECT_EQ(other.loaded->step_in_epoch, 0);
  EXPECT_THAT(other.loaded->lane_losses, Each(0.0));
  EXPECT_EQ(other.loaded->compared_after, 1);
}

}  // namespace
}  // namespace gemel::run
