#include "checkpoint/checkpoint_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>

#include "checkpoint/checkpoint_format.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "mpi/agreement.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::checkpoint {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class CheckpointStoreTest : public testing::Test {
 protected:
  CheckpointStore store(std::int64_t keep = 2, const std::filesystem::path& resumed = {}) {
    return store_in(path_.string(), keep, resumed);
  }
  CheckpointStore store_in(const std::string& directory, std::int64_t keep = 2,
                           const std::filesystem::path& resumed = {}) {
    CheckpointOptions options;
    options.directory = directory;
    options.keep = keep;
    return {options, world_, resumed};
  }
  // A run that writes these steps and ends.
  void run_of(const std::vector<std::int64_t>& steps) {
    auto run = store();
    for (const std::int64_t step : steps) write(run, step);
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
  // The names in the directory but for markers, sorted, once all ranks have come here. Collective.
  std::vector<std::string> files() {
    world_.barrier();
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      if (entry.path().extension() != ".lock") names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    world_.barrier();
    return names;
  }
  std::string message_of_opening(const std::string& directory, const std::filesystem::path& resumed = {}) {
    try {
      store_in(directory, 2, resumed);
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
}

TEST_F(CheckpointStoreTest, AFreshRunTakesTheNextNumber) {
  make_file("run-007-step-00000100.h5");
  make_file("run-009-step-00000001.h5.tmp-elsewhere-42");  // another job is writing its first checkpoint
  EXPECT_EQ(store().run(), 10);
}

TEST_F(CheckpointStoreTest, RunsThatLiveAtOnceHaveNumbersOfTheirOwn) {
  auto first = store();
  auto second = store();  // neither has written anything
  EXPECT_EQ(first.run(), 1);
  EXPECT_EQ(second.run(), 2);
  write(first, 10);
  write(second, 10);
  first.prune();
  second.prune();
  EXPECT_THAT(files(), ElementsAre("run-001-step-00000010.h5", "run-002-step-00000010.h5"));
  EXPECT_EQ(store().run(), 3);
  EXPECT_EQ(store().run(), 3);  // the one before has ended and left nothing
}

TEST_F(CheckpointStoreTest, AResumedRunGoesOnWithItsNumber) {
  run_of({100, 200});
  const auto resumed = store(2, path_ / "run-001-step-00000200.h5");
  EXPECT_EQ(resumed.path_for(300), path_ / "run-001-step-00000300.h5");
}

TEST_F(CheckpointStoreTest, ResumingFromAnEarlierStepIsANewRun) {
  run_of({100, 200});
  EXPECT_EQ(store(2, path_ / "run-001-step-00000100.h5").run(), 2);  // step 200 of run 1 stays as it is
  write(directory_ / "run-001-step-00000500.h5", 500);
  EXPECT_EQ(store(2, directory_ / "run-001-step-00000500.h5").run(), 2);  // of another directory
}

TEST_F(CheckpointStoreTest, ARunThatLivesIsNotGoneOnWith) {
  auto living = store();
  write(living, 100);
  write(living, 200);
  try {
    store(2, living.path_for(200));
    ADD_FAILURE() << "no AgreedError";
  } catch (const mpi::AgreedError& error) {
    EXPECT_EQ(error.code(), base::ExitCode::checkpoint);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("run 1 in " + path_.string()), HasSubstr("process "),
                                    HasSubstr("run-001.lock"), HasSubstr("without --resume")));
  }
  EXPECT_EQ(store(2, living.path_for(100)).run(), 2);
  living.require_own();
}

TEST_F(CheckpointStoreTest, ANumberThatWasTakenOverIsNotWrittenUnder) {
  auto slow = store();
  on_root([&] { std::filesystem::remove(path_ / "run-001.lock"); });
  slow.require_own();  // tidied away: marked again
  EXPECT_EQ(store().run(), 2);
  on_root([&] { std::ofstream(path_ / "run-001.lock") << "host: elsewhere\nprocess: 7\nstarted: 8\n"; });
  try {
    slow.require_own();
    ADD_FAILURE() << "no AgreedError";
  } catch (const mpi::AgreedError& error) {
    EXPECT_THAT(error.what(), HasSubstr("process 7 on host elsewhere has taken this run over"));
  }
}

TEST_F(CheckpointStoreTest, PrunesItsOwnRunOnly) {
  run_of({1, 2, 3});
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
  run_of({100});
  auto resumed = store(1, path_ / "run-001-step-00000100.h5");
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
  make_file("run-001-step-00000006.h5.tmp-" + host + "-1");  // the number is another process's by now
  make_file("notes.h5.tmp-" + host + "-999999999");          // not ours
  make_file("run-007-step-00000001.h5.tmp-" + host +
            "-999999999");    // of a run that lives, perhaps in a container
  make_file("run-007.lock");  // somebody writes it just now
  on_root([&] {
    const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::minutes(2);
    for (const std::string& name : {std::string("run-001-step-00000005.h5.tmp-elsewhere-77"),
                                    "run-001-step-00000006.h5.tmp-" + host + "-1"})
      std::filesystem::last_write_time(path_ / name, old);
  });
  store();
  EXPECT_THAT(files(), ElementsAre("notes.h5.tmp-" + host + "-999999999",
                                   "run-001-step-00000003.h5.tmp-" + host + "-1",
                                   "run-001-step-00000004.h5.tmp-elsewhere-77",
                                   "run-007-step-00000001.h5.tmp-" + host + "-999999999"));
}

TEST_F(CheckpointStoreTest, WhoeverGoesOnWithARunRemovesWhatItLeft) {
  run_of({100});
  make_file("run-001-step-00000200.h5.tmp-elsewhere-77");  // just now
  make_file("run-002-step-00000200.h5.tmp-elsewhere-77");
  const auto resumed = store(2, path_ / "run-001-step-00000100.h5");
  EXPECT_THAT(files(), ElementsAre("run-001-step-00000100.h5", "run-002-step-00000200.h5.tmp-elsewhere-77"));
}

TEST_F(CheckpointStoreTest, RefusesADirectoryThatIsAFile) {
  make_file("occupied");
  EXPECT_THAT(message_of_opening((path_ / "occupied").string()),
              AllOf(HasSubstr("occupied"), HasSubstr("--checkpoint-dir")));
  EXPECT_THAT(message_of_opening((path_ / "occupied" / "below").string()),
              AllOf(HasSubstr("occupied/below"), HasSubstr("Not a directory")));
  EXPECT_THAT(message_of_opening((path_ / "occupied").string(), "there/run-001-step-00000200.h5"),
              HasSubstr("with --checkpoint-dir beside --resume there/run-001-step-00000200.h5"));
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
