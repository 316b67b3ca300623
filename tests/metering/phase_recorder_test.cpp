#include "metering/phase_recorder.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.hpp"
#include "metering/phase_timer.hpp"

namespace gemel::metering {
namespace {

using std::chrono::nanoseconds;

constexpr PhaseRecorder::Clock::time_point zero{nanoseconds(1000)};

std::vector<std::int64_t> starts(const PhaseRecorder& recorder) {
  std::vector<std::int64_t> result;
  for (const PhaseSpan& span : recorder.spans()) result.push_back(span.start);
  return result;
}

TEST(PhaseRecorder, TellsPhaseStepStartAndDuration) {
  PhaseRecorder recorder(2, zero);
  recorder.add(Phase::deal, zero - nanoseconds(5), zero + nanoseconds(2));
  recorder.begin_step(7);
  recorder.add(Phase::loss, zero + nanoseconds(4), zero + nanoseconds(5));
  const auto spans = recorder.spans();
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0].phase, Phase::deal);
  EXPECT_EQ(spans[0].step, 0U);
  EXPECT_EQ(spans[0].start, -5);
  EXPECT_EQ(spans[0].duration, 7);
  EXPECT_EQ(spans[1].phase, Phase::loss);
  EXPECT_EQ(spans[1].step, 7U);
  EXPECT_EQ(spans[1].start, 4);
  EXPECT_EQ(spans[1].duration, 1);
}

TEST(PhaseRecorder, KeepsTheLatestInOrder) {
  PhaseRecorder recorder(3, zero);
  EXPECT_TRUE(recorder.spans().empty());
  using Starts = std::vector<std::int64_t>;
  const Starts latest[] = {{0}, {0, 10}, {0, 10, 20}, {10, 20, 30}, {20, 30, 40}, {30, 40, 50}, {40, 50, 60}};
  for (int i = 0; i < 7; ++i) {
    recorder.add(Phase::loss, zero + nanoseconds(10 * i), zero + nanoseconds(10 * i + 3));
    EXPECT_EQ(starts(recorder), latest[i]);
    EXPECT_EQ(recorder.dropped(), std::max(0, i - 2));
  }
}

TEST(PhaseRecorder, NeedsRoom) {
  EXPECT_THROW(PhaseRecorder(0, zero), base::InternalError);
}

TEST(PhaseTimer, HandsItsScopesToTheRecorder) {
  PhaseTimer timer;
  PhaseRecorder recorder(10, PhaseTimer::Clock::now());
  { const auto timing = timer.measure(Phase::gather); }
  timer.record_to(&recorder);
  const double before = timer.seconds(Phase::gather);
  { const auto timing = timer.measure(Phase::gather); }
  { const auto timing = timer.measure(Phase::update); }
  timer.record_to(nullptr);
  { const auto timing = timer.measure(Phase::update); }
  const auto spans = recorder.spans();
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0].phase, Phase::gather);
  EXPECT_EQ(spans[1].phase, Phase::update);
  EXPECT_GE(spans[0].start, 0);
  EXPECT_GE(spans[1].start, spans[0].start + spans[0].duration);
  EXPECT_NEAR(static_cast<double>(spans[0].duration) * 1e-9, timer.seconds(Phase::gather) - before, 1e-12);
}

}  // namespace
}  // namespace gemel::metering
