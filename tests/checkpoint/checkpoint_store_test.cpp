#include "gemel/checkpoint/checkpoint_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>

#include "gemel/checkpoint/checkpoint_format.hpp"
#include "gemel/checkpoint/checkpoint_writer.hpp"
#include "gemel/mpi/agreement.hpp"
#include "hdf5/temporary_directory.hpp"

namespace gemel::checkpoint {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class CheckpointStoreTest : public testing::Test {
 protected:
  CheckpointStore store(std::int64_t keep = 2) { return store_in(path_.string(), keep); }
  CheckpointStore store_in(const std::string& directory, std::int64_t keep = 2) {
    CheckpointOptions options;
    options.directory = directory;
    options.keep = keep;
    return {options, world_};
  }
  // Writes a checkpoint whose only value is the step.
  void write(const std::filesystem::path& path, std::int64_t step) {
    CheckpointWriter writer(path, world_);
    const std::vector<std::int64_t> steps = {step};
    writer.write("/history/step", std::span<const std::int64_t>(steps));
    writer.commit();
  }
  void write(CheckpointStore& store, std::int64_t step) { write(store.path_for(step), step); }

  void on_root(const std::function<void()>& action) {
    world_.barrier();
    if (world_.is_root()) action();
    world_.barrier();
  }
  void make_file(const std::string& name) {
    on_root([&] {
      std::filesystem::create_directories(path_);
      std::ofstream(path_ / name) << "half";
    });
  }
  void truncate(const std::filesystem::path& path) {
    on_root([&] { std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2); });
  }
  // The names in the directory, sorted, once all ranks have come here. Collective.
  std::vector<std::string> files() {
    world_.barrier();
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    world_.barrier();
    return names;
  }
  std::string message_of_opening(const std::string& directory) {
    try {
      store_in(directory);
    } catch (const mpi::AgreedError& error) {
      EXPECT_EQ(error.code(), base::ExitCode::checkpoint);
      return error.what();
    }
    ADD_FAILURE() << "no AgreedError";
    return "";
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
  std::filesystem::path path_ = directory_ / "below" / "checkpoints";
};

TEST_F(CheckpointStoreTest, NamesSortAsTheirRunsAndSteps) {
  EXPECT_EQ((CheckpointName{1, 12000}).file_name(), "run-001-step-00012000.h5");
  EXPECT_EQ((CheckpointName{1234, 1234567890}).file_name(), "run-1234-step-1234567890.h5");
  EXPECT_EQ(CheckpointName::parse("run-1234-step-1234567890.h5"), (CheckpointName{1234, 1234567890}));
  EXPECT_EQ(CheckpointName::parse("run-001-step-00012000.h5"), (CheckpointName{1, 12000}));
  for (const char* other : {"run-1-step-2.h5", "run-001-step-00012000.h5.tmp-host-1", "notes.txt",
                            "my-run-001-step-00012000.h5", "run-001-step-0001200x.h5"}) {
    EXPECT_FALSE(CheckpointName::parse(other)) << other;
  }
  EXPECT_LT((CheckpointName{1, 99}), (CheckpointName{2, 1}));
  EXPECT_LT((CheckpointName{2, 1}), (CheckpointName{2, 2}));
}

TEST_F(CheckpointStoreTest, MakesItsDirectoryAndBeginsWithRunOne) {
  auto first = store();
  EXPECT_EQ(first.run(), 1);
  EXPECT_EQ(first.path_for(7), path_ / "run-001-step-00000007.h5");
  EXPECT_THAT(files(), ElementsAre());  // no trial file is left
  EXPECT_FALSE(first.newest_sound());
}

TEST_F(CheckpointStoreTest, AFreshRunTakesTheNextNumber) {
  make_file("run-007-step-00000100.h5");
  make_file("run-009-step-00000001.h5.tmp-elsewhere-42");  // another job is writing its first checkpoint
  EXPECT_EQ(store().run(), 10);
}

TEST_F(CheckpointStoreTest, FindsTheNewestSoundCheckpoint) {
  auto first = store();
  write(first, 900);
  auto second = store();
  EXPECT_EQ(second.run(), 2);
  write(second, 90);
  write(second, 100);
  write(second, 110);
  EXPECT_EQ(store().newest_sound(), path_ / "run-002-step-00000110.h5");
  truncate(second.path_for(110));
  EXPECT_EQ(store().newest_sound(), path_ / "run-002-step-00000100.h5");
  on_root([&] { std::ofstream(second.path_for(100)) << "nothing"; });
  truncate(second.path_for(90));
  EXPECT_EQ(store().newest_sound(), path_ / "run-001-step-00000900.h5");
  truncate(first.path_for(900));
  EXPECT_FALSE(store().newest_sound());
}

TEST_F(CheckpointStoreTest, AResumedRunGoesOnWithItsNumber) {
  auto first = store();
  write(first, 100);
  write(first, 200);
  auto resumed = store();
  EXPECT_EQ(resumed.run(), 2);
  resumed.continue_from(path_ / "run-001-step-00000200.h5");
  EXPECT_EQ(resumed.path_for(300), path_ / "run-001-step-00000300.h5");
}

TEST_F(CheckpointStoreTest, ResumingFromAnEarlierStepIsANewRun) {
  auto first = store();
  write(first, 100);
  write(first, 200);
  auto resumed = store();
  resumed.continue_from(path_ / "run-001-step-00000100.h5");
  EXPECT_EQ(resumed.run(), 2);  // step 200 of run 1 stays as it is
  write(directory_ / "run-001-step-00000500.h5", 500);
  resumed.continue_from(directory_ / "run-001-step-00000500.h5");
  EXPECT_EQ(resumed.run(), 2);  // of another directory
}

TEST_F(CheckpointStoreTest, PrunesItsOwnRunOnly) {
  auto first = store();
  for (const std::int64_t step : {1, 2, 3}) write(first, step);
  auto second = store(2);
  for (const std::int64_t step : {1, 2, 3, 4}) write(second, step);
  make_file("notes.txt");
  second.prune();
  EXPECT_THAT(files(), ElementsAre("notes.txt", "run-001-step-00000001.h5", "run-001-step-00000002.h5",
                                   "run-001-step-00000003.h5", "run-002-step-00000003.h5",
                                   "run-002-step-00000004.h5"));
}

TEST_F(CheckpointStoreTest, KeepsTheBestBesidesTheNewest) {
  auto only = store(2);
  for (const std::int64_t step : {1, 2, 3, 4}) write(only, step);
  only.prune(2);
  EXPECT_THAT(files(), ElementsAre("run-001-step-00000002.h5", "run-001-step-00000003.h5",
                                   "run-001-step-00000004.h5"));
  EXPECT_TRUE(only.exists(only.path_for(2)));
  only.prune(4);
  EXPECT_THAT(files(), ElementsAre("run-001-step-00000003.h5", "run-001-step-00000004.h5"));
  EXPECT_FALSE(only.exists(only.path_for(2)));
}

TEST_F(CheckpointStoreTest, KeepsTheFileResumedFromUntilThereIsANewerOne) {
  auto first = store();
  write(first, 100);
  auto resumed = store(1);
  resumed.continue_from(first.path_for(100));
  resumed.prune();
  EXPECT_THAT(files(), ElementsAre("run-001-step-00000100.h5"));
  write(resumed, 200);
  resumed.prune();
  EXPECT_THAT(files(), ElementsAre("run-001-step-00000200.h5"));
}

TEST_F(CheckpointStoreTest, RemovesWhatKilledRunsLeftButNothingElse) {
  std::string process = process_name();
  world_.broadcast(process);
  const std::string host = process.substr(0, process.rfind('-'));
  make_file("run-001-step-00000001.h5.tmp-" + host + "-999999999");  // beyond the largest process id
  make_file("run-001-step-00000002.h5.tmp-" + process);
  make_file("run-001-step-00000003.h5.tmp-" + host + "-1");  // a live process
  make_file("run-001-step-00000004.h5.tmp-elsewhere-77");    // another machine, just now
  make_file("run-001-step-00000005.h5.tmp-elsewhere-77");    // another machine, long ago
  make_file("notes.h5.tmp-" + host + "-999999999");          // not ours
  on_root([&] {
    const auto old = path_ / "run-001-step-00000005.h5.tmp-elsewhere-77";
    std::filesystem::last_write_time(old,
                                     std::filesystem::file_time_type::clock::now() - std::chrono::hours(25));
  });
  store();
  EXPECT_THAT(files(), ElementsAre("notes.h5.tmp-" + host + "-999999999",
                                   "run-001-step-00000003.h5.tmp-" + host + "-1",
                                   "run-001-step-00000004.h5.tmp-elsewhere-77"));
}

TEST_F(CheckpointStoreTest, RefusesADirectoryThatIsAFile) {
  make_file("occupied");
  EXPECT_THAT(message_of_opening((path_ / "occupied").string()),
              AllOf(HasSubstr("occupied"), HasSubstr("--checkpoint-dir")));
  EXPECT_THAT(message_of_opening((path_ / "occupied" / "below").string()),
              AllOf(HasSubstr("occupied/below"), HasSubstr("Not a directory")));
}

TEST_F(CheckpointStoreTest, RefusesADirectoryWithoutPermission) {
  if (geteuid() == 0) {
    // Root may write anywhere but here: no process can make a file in /proc.
    EXPECT_THAT(message_of_opening("/proc"), AllOf(HasSubstr("/proc"), HasSubstr("--checkpoint-dir")));
    return;
  }
  on_root([&] {
    std::filesystem::create_directories(path_);
    std::filesystem::permissions(path_,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  });
  EXPECT_THAT(message_of_opening(path_.string()), HasSubstr("Permission denied"));
}

TEST_F(CheckpointStoreTest, RefusesAFileSystemMountedReadOnly) {
  bool mounted = false;
  if (world_.is_root()) {
    mounted = mount("tmpfs", directory_.path().c_str(), "tmpfs", MS_RDONLY, "size=1M") == 0;
  }
  mounted = world_.max(std::int64_t{mounted}) != 0;
  if (!mounted) GTEST_SKIP() << "NOT TESTED: a read-only file system. Mounting one needs root.";
  EXPECT_THAT(message_of_opening(directory_.path().string()), HasSubstr("Read-only file system"));
  EXPECT_THAT(message_of_opening(path_.string()), HasSubstr("Read-only file system"));
  world_.barrier();
  if (world_.is_root()) umount2(directory_.path().c_str(), MNT_DETACH);
}

TEST_F(CheckpointStoreTest, RefusesAFullFileSystem) {
  bool mounted = false;
  if (world_.is_root()) {
    mounted = mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, "size=64k") == 0;
  }
  mounted = world_.max(std::int64_t{mounted}) != 0;
  if (!mounted) GTEST_SKIP() << "NOT TESTED: a full file system. Mounting one needs root.";
  on_root([&] { std::ofstream(directory_ / "fill") << std::string(64 * 1024, 'x') << std::flush; });
  EXPECT_THAT(message_of_opening(directory_.path().string()), HasSubstr("No space left on device"));
  world_.barrier();
  if (world_.is_root()) umount2(directory_.path().c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace gemel::checkpoint
