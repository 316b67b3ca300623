#include "run/signals.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace gemel::run {
namespace {

using Handler = void (*)(int);

Handler handler_of(int signal) {
  struct sigaction action = {};
  sigaction(signal, nullptr, &action);
  return action.sa_handler;
}

TEST(StopSignals, AreHeededWhileTheObjectLives) {
  for (const int signal : {SIGUSR1, SIGTERM}) {
    {
      const StopSignals signals;
      EXPECT_FALSE(StopSignals::received());
      std::raise(signal);
      EXPECT_TRUE(StopSignals::received());
    }
    EXPECT_EQ(handler_of(signal), SIG_DFL);
  }
}

TEST(StopSignals, OfAnEarlierRunAreForgotten) {
  {
    const StopSignals signals;
    std::raise(SIGUSR1);
  }
  const StopSignals signals;
  EXPECT_FALSE(StopSignals::received());
}

TEST(StopSignals, ASecondSigtermEndsTheProcess) {
  EXPECT_EXIT(
      {
        const StopSignals signals;
        std::raise(SIGTERM);
        std::raise(SIGTERM);
      },
      testing::KilledBySignal(SIGTERM), "");
  EXPECT_EXIT(
      {
        const StopSignals signals;
        std::raise(SIGUSR1);
        std::raise(SIGUSR1);
        std::_Exit(7);
      },
      testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace gemel::run
