#include "checkpoint/run_lock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/error.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::checkpoint {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A process of this machine that does nothing.
struct Sleeper {
  Sleeper() : process(::fork()) {
    if (process == 0) {
      for (;;) ::pause();
    }
  }
  ~Sleeper() {
    if (process <= 0) return;
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
  }
  void become_zombie() const {
    ::kill(process, SIGKILL);
    siginfo_t ignored{};
    ::waitid(P_PID, static_cast<id_t>(process), &ignored, WEXITED | WNOWAIT);
  }
  RunOwner owner() const {
    RunOwner owner = RunOwner::self();
    owner.process = process;
    std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
    std::string field;
    for (int i = 0; i < 21; ++i) stat >> field;  // the name of this program has no blanks
    stat >> owner.started;
    return owner;
  }
  pid_t process;
};

class RunLockTest : public testing::Test {
 protected:
  std::filesystem::path path(std::int64_t run) const { return own_ / lock_name(run); }
  void mark(std::int64_t run, const RunOwner& owner) const { std::ofstream(path(run)) << owner.text(); }
  bool is_marked(std::int64_t run) const { return std::filesystem::exists(path(run)); }
  void touch(std::int64_t run, milliseconds ago) const {
    std::filesystem::last_write_time(path(run), std::filesystem::file_time_type::clock::now() - ago);
  }
  RunOwner foreigner() const {
    RunOwner owner = RunOwner::self();
    owner.host = "elsewhere";
    owner.boot = "another boot";
    return owner;
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
  // Nothing here is collective: every rank works in a directory of its own.
  const std::filesystem::path own_ = [this] {
    const auto path = directory_ / std::to_string(world_.rank());
    std::filesystem::create_directory(path);
    return path;
  }();
  const LockTimes times_ = {milliseconds(20), std::chrono::seconds(20)};  // long, for machines that are busy
};

TEST_F(RunLockTest, ARunIsMarkedWhileItLives) {
  {
    const auto lock = RunLock::claim(own_, 7, times_);
    ASSERT_TRUE(lock);
    EXPECT_EQ(owner_of(own_, 7), RunOwner::self());
    EXPECT_THAT(locked_runs(own_), ElementsAre(7));
    EXPECT_FALSE(RunLock::claim(own_, 7, times_));
    EXPECT_TRUE(RunLock::claim(own_, 8, times_));
    std::ifstream file(path(7));
    std::string first;
    std::getline(file, first);
    EXPECT_EQ(first, "host: " + RunOwner::self().host);
  }
  EXPECT_THAT(locked_runs(own_), IsEmpty());
  EXPECT_FALSE(owner_of(own_, 7));
}

TEST_F(RunLockTest, OfManyWhoClaimANumberAtOnceOneHasIt) {
  for (std::int64_t run = 1; run <= 20; ++run) {
    std::vector<std::unique_ptr<RunLock>> locks(6);
    {
      std::vector<std::jthread> threads;
      for (auto& lock : locks) threads.emplace_back([&] { lock = RunLock::claim(own_, run, times_); });
    }
    EXPECT_EQ(std::ranges::count_if(locks, [](const auto& lock) { return lock != nullptr; }), 1) << run;
  }
}

TEST_F(RunLockTest, AnOwnerIsWrittenDownAndReadBack) {
  const RunOwner self = RunOwner::self();
  EXPECT_EQ(RunOwner::parse(self.text()), self);
  EXPECT_TRUE(self.is_in_sight());
  EXPECT_TRUE(self.is_alive());
  EXPECT_FALSE(foreigner().is_in_sight());
  RunOwner contained = self;
  contained.process_namespace = "pid:[7]";
  EXPECT_FALSE(contained.is_in_sight());
  for (const char* text :
       {"", "host: a\n", "host: a\nprocess: b\nstarted: 1\n", "host: a\nprocess: -1\nstarted: 1\n",
        "process: 99999999999999999999\nstarted: 1\nhost: a\n"})
    EXPECT_FALSE(RunOwner::parse(text)) << text;
}

TEST_F(RunLockTest, ADeadProcessIsKnownAtOnce) {
  RunOwner reused = RunOwner::self();  // its number is another process's now
  --reused.started;
  RunOwner gone = RunOwner::self();
  gone.process = 999999999;  // beyond the largest
  const Sleeper zombie;
  const RunOwner sleeping = zombie.owner();
  mark(1, sleeping);
  EXPECT_EQ(owner_of(own_, 1), sleeping);
  EXPECT_TRUE(is_living(zombie.process));
  zombie.become_zombie();
  EXPECT_FALSE(is_living(zombie.process));
  EXPECT_FALSE(is_living(999999999));
  mark(2, reused);
  mark(3, gone);
  for (const std::int64_t run : {1, 2, 3}) {
    EXPECT_FALSE(owner_of(own_, run)) << run;
    EXPECT_FALSE(is_marked(run)) << run;
  }
}

TEST_F(RunLockTest, OnlyDeadRunsLoseTheirMarkers) {
  RunOwner gone = RunOwner::self();
  gone.process = 999999999;
  mark(1, gone);
  mark(2, RunOwner::self());
  mark(3, foreigner());
  mark(4, foreigner());
  touch(4, times_.silence);
  std::ofstream(path(5)) << "host: hal";  // is being written
  remove_dead_locks(own_, {times_.refresh, 2 * times_.silence});
  EXPECT_THAT(locked_runs(own_), ElementsAre(2, 3, 4, 5));
  remove_dead_locks(own_, times_);
  EXPECT_THAT(locked_runs(own_), ElementsAre(2, 3, 5));
}

TEST_F(RunLockTest, AForeignRunThatGivesNoSignIsDead) {
  const LockTimes impatient = {milliseconds(20), milliseconds(300)};
  mark(1, foreigner());
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(owner_of(own_, 1, impatient));
  EXPECT_GE(std::chrono::steady_clock::now() - start, impatient.silence - milliseconds(20));
  EXPECT_FALSE(is_marked(1));
}

TEST_F(RunLockTest, AMarkerOfTheFutureIsWaitedOnNoLongerThanOthers) {
  const LockTimes impatient = {milliseconds(20), milliseconds(300)};
  mark(1, foreigner());
  std::ofstream(path(2)) << "";  // is being written, or never was
  for (const std::int64_t run : {1, 2}) {
    touch(run, -std::chrono::hours(24 * 365));
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(owner_of(own_, run, impatient)) << run;
    EXPECT_GE(std::chrono::steady_clock::now() - start, impatient.silence) << run;
    EXPECT_FALSE(is_marked(run)) << run;
  }
}

TEST_F(RunLockTest, WhatIsNoMarkerIsNotTakenForOne) {
  std::filesystem::create_symlink("nowhere", path(1));
  std::filesystem::create_directory(path(2));
  ASSERT_EQ(::mkfifo(path(3).c_str(), 0600), 0);
  remove_dead_locks(own_, times_);
  for (const std::int64_t run : {1, 2, 3}) {
    EXPECT_FALSE(RunLock::claim(own_, run, times_)) << run;
    try {
      owner_of(own_, run, times_);
      ADD_FAILURE() << "no CheckpointError for " << run;
    } catch (const base::CheckpointError& error) {
      EXPECT_THAT(error.what(),
                  AllOf(HasSubstr(lock_name(run)), HasSubstr("no file"), HasSubstr("remove it")));
    }
  }
  EXPECT_THAT(lives(own_, 4, RunOwner()).what(), HasSubstr("another process computes it"));
}

TEST_F(RunLockTest, AForeignRunThatTouchesItsMarkerLives) {
  const auto lock = RunLock::claim(own_, 1, times_);
  RunOwner other = foreigner();
  mark(1, other);  // the lock is no longer held and leaves it alone
  {
    const std::jthread elsewhere([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        std::this_thread::sleep_for(milliseconds(50));
        touch(1, milliseconds(0));
      }
    });
    EXPECT_EQ(owner_of(own_, 1, times_), other);
  }
  EXPECT_TRUE(is_marked(1));
}

TEST_F(RunLockTest, ARunTouchesItsMarker) {
  const auto lock = RunLock::claim(own_, 1, times_);
  const auto before = std::filesystem::last_write_time(path(1));
  for (int i = 0; i < 200 && std::filesystem::last_write_time(path(1)) == before; ++i)
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_GT(std::filesystem::last_write_time(path(1)), before);
}

TEST_F(RunLockTest, ADeadMarkerIsTakenOverByOne) {
  for (std::int64_t run = 1; run <= 20; ++run) {
    RunOwner gone = RunOwner::self();
    gone.process = 999999999;
    mark(run, gone);
    std::atomic<int> owners = 0;
    std::vector<std::unique_ptr<RunLock>> locks(6);
    {
      std::vector<std::jthread> threads;
      for (auto& lock : locks) {
        threads.emplace_back([&] {
          if (!owner_of(own_, run, times_)) lock = RunLock::claim(own_, run, times_);
          if (lock) ++owners;
        });
      }
    }
    EXPECT_LE(owners, 1) << run;
  }
}

TEST_F(RunLockTest, WhoeverLosesItsNumberIsTold) {
  const auto lock = RunLock::claim(own_, 1, times_);
  lock->require_held();
  std::filesystem::remove(path(1));
  lock->require_held();
  EXPECT_TRUE(is_marked(1));
  mark(1, foreigner());
  try {
    lock->require_held();
    ADD_FAILURE() << "no CheckpointError";
  } catch (const base::CheckpointError& error) {
    EXPECT_THAT(error.what(), HasSubstr("on host elsewhere has taken this run over"));
  }
}

}  // namespace
}  // namespace gemel::checkpoint
