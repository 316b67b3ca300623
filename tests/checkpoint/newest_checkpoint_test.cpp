#include "checkpoint/newest_checkpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <limits>

#include "checkpoint/checkpoint_name.hpp"
#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "mpi/agreement.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::checkpoint {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Found = std::optional<std::filesystem::path>;

/// What a sound checkpoint is here: weights are finite.
void whole(CheckpointReader& reader) {
  static const Ranges ranges = {.finite = {"/query/*"}, .not_negative = {}};
  reader.verify(ranges);
}

class NewestCheckpointTest : public testing::Test {
 protected:
  std::filesystem::path path(std::int64_t run, std::int64_t step) const {
    return directory_.path() / CheckpointName{run, step}.file_name();
  }
  // Writes a checkpoint whose weights are `weight`.
  void write(std::int64_t run, std::int64_t step, float weight = 1.0F) {
    CheckpointWriter writer(path(run, step), world_);
    const std::vector<float> weights = {0.5F, weight};
    const std::vector<double> losses = {std::numeric_limits<double>::quiet_NaN()};  // as history may have
    writer.write("/query/dense_0/bias", std::span<const float>(weights));
    writer.write("/history/loss", std::span<const double>(losses));
    writer.commit();
  }
  void on_root(const std::function<void()>& action) {
    world_.barrier();
    if (world_.is_root()) action();
    world_.barrier();
  }
  void truncate(std::int64_t run, std::int64_t step) {
    on_root([&] {
      std::filesystem::resize_file(path(run, step), std::filesystem::file_size(path(run, step)) / 2);
    });
  }
  /// Its path.
  Found newest(Purpose purpose = Purpose::resume) {
    const auto reader = open_newest_sound(directory_.path(), world_, whole, purpose, times_);
    if (!reader) return {};
    return reader->path();
  }
  std::string refusal() {
    try {
      newest();
    } catch (const mpi::AgreedError& error) {
      EXPECT_EQ(error.code(), base::ExitCode::checkpoint);
      return error.what();
    }
    return "no AgreedError";
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
  const LockTimes times_ = {std::chrono::milliseconds(20), std::chrono::milliseconds(300)};
};

TEST_F(NewestCheckpointTest, IsTheLastStepOfTheLastRun) {
  write(1, 900);
  write(2, 90);
  write(2, 100);
  EXPECT_EQ(newest(), path(2, 100));
}

TEST_F(NewestCheckpointTest, IsNoneWhereThereIsNothing) {
  EXPECT_FALSE(newest());
  EXPECT_FALSE(open_newest_sound(directory_ / "missing", world_, whole, Purpose::resume));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "missing"));
  on_root([&] {
    std::ofstream(directory_ / "notes.txt") << "no checkpoint";
    std::ofstream(directory_ / "run-001-step-00000007.h5.tmp-elsewhere-3") << "half of the first one";
    std::ofstream(directory_ / "best.h5") << "of another program";
  });
  EXPECT_FALSE(newest());
}

TEST_F(NewestCheckpointTest, StepsBackOverWhatIsNotSound) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  write(1, 900);
  write(2, 90, -std::numeric_limits<float>::infinity());
  write(2, 100, nan);
  write(2, 110);
  EXPECT_EQ(newest(), path(2, 110));
  truncate(2, 110);
  EXPECT_EQ(newest(), path(1, 900));
}

TEST_F(NewestCheckpointTest, RefusesADirectoryOfUnsoundOnesWithTheList) {
  write(1, 900);
  write(2, 100, std::numeric_limits<float>::quiet_NaN());
  write(2, 110);
  truncate(1, 900);
  on_root([&] { std::ofstream(path(2, 110)) << "nothing"; });
  const std::string message = refusal();
  EXPECT_THAT(message,
              AllOf(HasSubstr("none of the checkpoints in " + directory_.path().string() + " is sound"),
                    HasSubstr("without --resume"), HasSubstr("--checkpoint-dir")));
  EXPECT_THAT(message, AllOf(HasSubstr(path(2, 110).string() + ": not an HDF5 file\n"),
                             HasSubstr(path(2, 100).string() + ": dataset /query/dense_0/bias has values"),
                             HasSubstr(path(1, 900).string() + ": damaged: truncated to ")));
  EXPECT_THAT(message, Not(HasSubstr("a directory with some")));
}

TEST_F(NewestCheckpointTest, RefusesToStepBackOverWhatCannotBeRead) {
  write(1, 900);
  on_root([&] { std::filesystem::create_symlink(path(1, 910).filename(), path(1, 910)); });  // to itself
  EXPECT_THAT(refusal(), AllOf(HasSubstr(path(1, 910).string() + ": cannot be read (Too many levels"),
                               HasSubstr("--resume PATH")));
}

TEST_F(NewestCheckpointTest, RefusesARunThatLivesAndOneAfterIt) {
  write(2, 100);
  std::unique_ptr<RunLock> earlier;
  std::unique_ptr<RunLock> same;
  std::unique_ptr<RunLock> later;
  on_root([&] { earlier = RunLock::claim(directory_.path(), 1); });
  EXPECT_EQ(newest(), path(2, 100));
  on_root([&] { same = RunLock::claim(directory_.path(), 2); });
  EXPECT_THAT(refusal(), HasSubstr("run 2 in " + directory_.path().string() + " is under way: process "));
  EXPECT_EQ(newest(Purpose::read), path(2, 100));
  on_root([&] {
    same.reset();
    later = RunLock::claim(directory_.path(), 3);  // it has no checkpoint yet
  });
  EXPECT_THAT(refusal(), HasSubstr("run 3 in "));
  on_root([&] { later.reset(); });
  EXPECT_EQ(newest(), path(2, 100));
}

TEST_F(NewestCheckpointTest, WaitsForASignOfARunThatMayLive) {
  write(2, 100);
  on_root([&] { std::ofstream(directory_ / "run-002.lock") << "host: elsewhere\nprocess: 7\nstarted: 8\n"; });
  EXPECT_EQ(newest(), path(2, 100));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "run-002.lock"));
}

}  // namespace
}  // namespace gemel::checkpoint
