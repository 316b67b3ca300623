#include "metering/phase_timer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace gemel::metering {
namespace {

void pass_a_millisecond() {
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST(PhaseTimer, AddsTimesAndOperationsToTheirPhase) {
  PhaseTimer timer;
  for (int i = 0; i < 2; ++i) {
    const auto timing = timer.measure(Phase::loss);
    pass_a_millisecond();
    timer.add_operations(Phase::loss, 100);
  }
  EXPECT_GE(timer.seconds(Phase::loss), 0.002);
  EXPECT_EQ(timer.seconds(Phase::forward), 0.0);
  EXPECT_EQ(timer.operations()[static_cast<std::size_t>(Phase::loss)], 200);
  EXPECT_EQ(timer.operations()[static_cast<std::size_t>(Phase::forward)], 0);
}

TEST(PhaseTimer, TellsHowMuchOfAnExchangeWasWaitedFor) {
  PhaseTimer timer;
  timer.depart(Phase::share);
  pass_a_millisecond();
  { const auto waiting = timer.await(Phase::share); }
  PhaseTimer::Flight flight = timer.flights()[static_cast<std::size_t>(Phase::share)];
  EXPECT_GE(flight.seconds, 0.001);
  EXPECT_LT(flight.waited, flight.seconds - 0.0009);

  timer.depart(Phase::share);
  {
    const auto waiting = timer.await(Phase::share);
    pass_a_millisecond();
  }
  flight = timer.flights()[static_cast<std::size_t>(Phase::share)];
  EXPECT_GE(flight.waited, 0.001);
  EXPECT_GE(flight.seconds, flight.waited);
}

}  // namespace
}  // namespace gemel::metering
