#include "base/cpus.hpp"

#include <gmock/gmock.h>
#include <sched.h>

#include <climits>
#include <initializer_list>
#include <vector>

namespace gemel::base {
namespace {

using testing::ElementsAre;

CpuSet cpus(std::initializer_list<std::size_t> numbers) {
  CpuSet set;
  for (const std::size_t number : numbers) set.set(number);
  return set;
}

std::vector<bool> have(std::vector<CpuSet> allowed, int quota = INT_MAX) {
  return have_own_cpu(allowed, quota);
}

TEST(CpusTest, AProcessIsAllowedTheCpusThatItIsBoundTo) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  EXPECT_EQ(allowed_cpus().count(), static_cast<std::size_t>(CPU_COUNT(&before)));
  std::size_t last = 0;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &before)) last = cpu;
  }
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(last, &only);
  ASSERT_EQ(sched_setaffinity(0, sizeof(only), &only), 0);
  EXPECT_EQ(allowed_cpus(), cpus({last}));
  sched_setaffinity(0, sizeof(before), &before);
}

TEST(CpusTest, OfUnboundProcessesAsManyHaveACpuAsThereAre) {
  EXPECT_THAT(have({cpus({0, 1}), cpus({0, 1}), cpus({0, 1})}), ElementsAre(true, true, false));
  EXPECT_THAT(have({cpus({4, 1023}), cpus({4, 1023})}), ElementsAre(true, true));
}

TEST(CpusTest, OfProcessesOnTheSameCpuTheFirstHasIt) {
  EXPECT_THAT(have({cpus({0}), cpus({0}), cpus({1}), cpus({1})}), ElementsAre(true, false, true, false));
  EXPECT_THAT(have({cpus({0}), cpus({1}), cpus({0}), cpus({1})}), ElementsAre(true, true, false, false));
}

TEST(CpusTest, OfProcessesOnSeveralSocketsEachSocketsCount) {
  EXPECT_THAT(have({cpus({0, 1}), cpus({0, 1}), cpus({0, 1}), cpus({2, 3})}),
              ElementsAre(true, true, false, true));
}

TEST(CpusTest, AProcessTakesAnotherCpuSoThatOneMoreHasOne) {
  EXPECT_THAT(have({cpus({0, 1}), cpus({0})}), ElementsAre(true, true));
  EXPECT_THAT(have({cpus({0, 1}), cpus({1, 2}), cpus({0}), cpus({1}), cpus({2})}),
              ElementsAre(true, true, true, false, false));
}

TEST(CpusTest, NoMoreProcessesHaveACpuThanTheContainerMayUse) {
  EXPECT_GE(cpu_quota(), 1);
  EXPECT_THAT(have({cpus({0, 1, 2}), cpus({0, 1, 2}), cpus({0, 1, 2})}, 2), ElementsAre(true, true, false));
  EXPECT_THAT(have({cpus({0}), cpus({0}), cpus({1})}, 2), ElementsAre(true, false, true));
}

TEST(CpusTest, WhereTheKernelDoesNotTellAProcessHasACpu) {
  EXPECT_THAT(have({cpus({}), cpus({0}), cpus({}), cpus({0})}), ElementsAre(true, true, true, false));
}

}  // namespace
}  // namespace gemel::base
