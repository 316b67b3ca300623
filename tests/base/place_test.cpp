#include "base/place.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gemel::base {
namespace {

TEST(Place, ReportsWhereTheProcessIs) {
  Place place;
  EXPECT_FALSE(place.report().waits());
  place.set_step(7);
  place.set_activity("reading the data");
  EXPECT_STREQ(place.set_phase("update"), "");
  place.begin_waiting("MPI_Barrier");
  const Place::Report report = place.report();
  EXPECT_TRUE(report.waits());
  EXPECT_EQ(report.step, 7);
  EXPECT_STREQ(report.call.data(), "MPI_Barrier");
  EXPECT_STREQ(report.phase.data(), "update");
  EXPECT_STREQ(report.activity.data(), "reading the data");
  place.end_waiting();
  EXPECT_FALSE(place.report().waits());
  EXPECT_NE(place.turns(), report.turns);
  EXPECT_STREQ(place.set_phase(""), "update");
}

TEST(Place, CutsWhatIsTooLong) {
  Place place;
  place.set_activity(std::string(1000, 'x'));
  EXPECT_EQ(std::string(place.report().activity.data()), std::string(63, 'x'));
}

}  // namespace
}  // namespace gemel::base
