#include "base/stop_signals.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "base/output_file.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::base {
namespace {

using Handler = void (*)(int);

Handler handler_of(int signal) {
  struct sigaction action = {};
  sigaction(signal, nullptr, &action);
  return action.sa_handler;
}

/// Longer than what passes for one signal that came twice.
void pause_between_signals() {
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
}

TEST(StopSignals, AskToStopWhileTheObjectLives) {
  for (const auto& [signal, name] : {std::pair<int, std::string>{SIGUSR1, "SIGUSR1"},
                                     {SIGTERM, "SIGTERM"},
                                     {SIGINT, "SIGINT"},
                                     {SIGHUP, "SIGHUP"}}) {
    {
      const StopSignals signals;
      EXPECT_FALSE(StopSignals::asks_to_stop());
      std::raise(signal);
      EXPECT_TRUE(StopSignals::asks_to_stop());
      EXPECT_FALSE(StopSignals::asks_for_checkpoint());
      EXPECT_EQ(StopSignals::name(), name);
    }
    EXPECT_EQ(handler_of(signal), SIG_DFL);
  }
}

TEST(StopSignals, TheFirstOneIsNamed) {
  const StopSignals signals;
  EXPECT_EQ(StopSignals::name(), "a signal");
  std::raise(SIGUSR2);
  std::raise(SIGUSR1);
  std::raise(SIGTERM);
  EXPECT_EQ(StopSignals::name(), "SIGUSR1");
}

TEST(StopSignals, Sigusr2AsksForACheckpointEachTime) {
  const StopSignals signals;
  for (int time = 0; time < 2; ++time) {
    EXPECT_FALSE(StopSignals::asks_for_checkpoint());
    std::raise(SIGUSR2);
    EXPECT_TRUE(StopSignals::asks_for_checkpoint());
    StopSignals::forget_checkpoint();
  }
  EXPECT_FALSE(StopSignals::asks_to_stop());
}

TEST(StopSignals, OfAnEarlierRunAreForgotten) {
  {
    const StopSignals signals;
    std::raise(SIGUSR1);
    std::raise(SIGUSR2);
  }
  const StopSignals signals;
  EXPECT_FALSE(StopSignals::asks_to_stop());
  EXPECT_FALSE(StopSignals::asks_for_checkpoint());
}

TEST(StopSignals, AnInnerObjectForgetsNothing) {
  const StopSignals outer;
  std::raise(SIGTERM);
  { const StopSignals inner; }
  EXPECT_TRUE(StopSignals::asks_to_stop());
  EXPECT_NE(handler_of(SIGTERM), SIG_DFL);
}

TEST(StopSignals, ASecondOneEndsTheProcess) {
  for (const int first : {SIGTERM, SIGINT, SIGHUP}) {
    for (const int second : {SIGTERM, SIGINT, SIGHUP}) {
      EXPECT_EXIT(
          {
            const StopSignals signals;
            std::raise(first);
            pause_between_signals();
            std::raise(second);
          },
          testing::KilledBySignal(second), "");
    }
  }
}

TEST(StopSignals, OneThatComesTwiceIsOne) {
  const StopSignals signals;
  std::raise(SIGTERM);
  std::raise(SIGTERM);
  EXPECT_TRUE(StopSignals::asks_to_stop());
}

TEST(StopSignals, Sigusr1MayComeOften) {
  const StopSignals signals;
  for (int time = 0; time < 3; ++time) {
    std::raise(SIGUSR1);
    pause_between_signals();
  }
  std::raise(SIGTERM);  // the first of those that end the process at once
  EXPECT_EQ(StopSignals::name(), "SIGUSR1");
}

TEST(StopSignals, LeaveNohupAlone) {
  std::signal(SIGHUP, SIG_IGN);
  {
    const StopSignals signals;
    std::raise(SIGHUP);
    EXPECT_FALSE(StopSignals::asks_to_stop());
  }
  EXPECT_EQ(handler_of(SIGHUP), SIG_IGN);
  std::signal(SIGHUP, SIG_DFL);
}

TEST(ThrowIfAskedToStop, TellsTheSignalAndWhatWasDone) {
  const StopSignals signals;
  EXPECT_NO_THROW(throw_if_asked_to_stop("while reading the data"));
  std::raise(SIGINT);
  try {
    throw_if_asked_to_stop("while reading the data");
    ADD_FAILURE() << "goes on";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::interrupted);
    EXPECT_THAT(error.what(), testing::StartsWith("stopped by SIGINT while reading the data, before the"));
  }
}

TEST(EndWithoutUnfinishedFiles, RemovesThemAndThenTheSignalEndsTheProcess) {
  auto self = mpi::Communicator::self();
  const TemporaryDirectory directory(self);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    EXPECT_EXIT(
        {
          end_without_unfinished_files();
          std::optional<OutputFile> given_up(std::in_place, directory.path() / "a.csv", false);
          given_up.reset();
          OutputFile half(directory.path() / "b.csv", false);
          OutputFile whole(directory.path() / "c.csv", true);
          whole.commit();
          std::raise(SIGUSR1);
          std::raise(SIGUSR2);
          std::raise(signal);
        },
        testing::KilledBySignal(signal), "");
    std::string names;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path()))
      names += entry.path().filename().string();
    EXPECT_EQ(names, "c.csv");
  }
}

}  // namespace
}  // namespace gemel::base
