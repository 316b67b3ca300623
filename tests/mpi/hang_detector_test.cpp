#include "mpi/hang_detector.hpp"

#include <gtest/gtest.h>

namespace gemel::mpi {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A detector with a clock that the test moves.
class Detector {
 public:
  void look_after(HangDetector::Duration passed, std::uint64_t turns) {
    now_ += passed;
    detector_.look(turns, now_);
  }
  const HangDetector& operator*() const { return detector_; }
  const HangDetector* operator->() const { return &detector_; }

 private:
  HangDetector detector_{milliseconds(400)};
  HangDetector::TimePoint now_{hours(1)};
};

TEST(HangDetector, ALongWaitIsSeen) {
  Detector detector;
  detector.look_after(milliseconds(200), 7);
  EXPECT_FALSE(detector->has_waited(milliseconds(1)));
  for (int look = 0; look < 24; ++look) detector.look_after(milliseconds(200), 7);
  EXPECT_FALSE(detector->has_waited(seconds(5)));
  detector.look_after(milliseconds(200), 7);
  EXPECT_TRUE(detector->has_waited(seconds(5)));
  EXPECT_EQ(detector->in_place(), seconds(5));
}

TEST(HangDetector, AnotherWaitBeginsAnew) {
  Detector detector;
  for (int look = 0; look < 100; ++look) detector.look_after(milliseconds(200), 7);
  detector.look_after(milliseconds(200), 9);
  EXPECT_FALSE(detector->has_waited(seconds(1)));
  EXPECT_TRUE(detector->waits());
}

TEST(HangDetector, WorkIsNoWait) {
  Detector detector;
  for (int look = 0; look < 100; ++look) detector.look_after(milliseconds(200), 8);
  EXPECT_FALSE(detector->has_waited(seconds(1)));
  EXPECT_FALSE(detector->waits());
  EXPECT_GT(detector->in_place(), seconds(19));
}

TEST(HangDetector, TimeInWhichTheProcessWasStoppedCountsLittle) {
  Detector detector;
  detector.look_after(milliseconds(200), 7);
  detector.look_after(hours(8), 7);
  EXPECT_EQ(detector->in_place(), milliseconds(400));
}

}  // namespace
}  // namespace gemel::mpi
