#include "base/crash.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <exception>
#include <stdexcept>

namespace gemel::base {
namespace {

TEST(TellOfCrashes, NamesTheRankAndTheExceptionThatNobodyCaught) {
  EXPECT_EXIT(
      {
        tell_of_crashes(3);
        try {
          throw std::runtime_error("no luck");
        } catch (...) {
          std::terminate();  // as where it would leave a thread
        }
      },
      testing::ExitedWithCode(1), "^trainer: error on rank 3: no luck");
}

TEST(TellOfCrashes, WhereMemoryIsLimitedABadAccessIsTheLackOfIt) {
  EXPECT_EXIT(
      {
        rlimit limit{};
        getrlimit(RLIMIT_AS, &limit);
        limit.rlim_cur = rlim_t{1} << 45;
        setrlimit(RLIMIT_AS, &limit);
        tell_of_crashes(2);
        std::raise(SIGSEGV);
      },
      testing::ExitedWithCode(1), "^trainer: error on rank 2: out of memory: ");
}

TEST(TellOfCrashes, ElsewhereTheSignalEndsTheProcess) {
  EXPECT_EXIT(
      {
        std::signal(SIGSEGV, SIG_DFL);
        tell_of_crashes(2);
        std::raise(SIGSEGV);
      },
      testing::KilledBySignal(SIGSEGV), "");
}

}  // namespace
}  // namespace gemel::base
