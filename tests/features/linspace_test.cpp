#include "features/linspace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace gemel::features {
namespace {

using testing::ElementsAre;

std::vector<double> points_of(double first, double last, std::int64_t count) {
  const Linspace linspace(first, last, count);
  std::vector<double> points;
  for (std::int64_t i = 0; i < count; ++i) points.push_back(linspace.point(i));
  return points;
}

TEST(Linspace, CountsThePointsNotAboveAValue) {
  const std::vector<double> points = points_of(-3, 11.5, 37);
  for (const double value : {-100.0, -3.0, -2.9, 0.0, 4.25, 11.4999, 11.5, 12.0}) {
    EXPECT_EQ(Linspace(-3, 11.5, 37).count_not_above(value),
              std::ranges::upper_bound(points, value) - points.begin())
        << value;
  }
  for (const double point : points)
    EXPECT_EQ(Linspace(-3, 11.5, 37).count_not_above(point),
              std::ranges::upper_bound(points, point) - points.begin());
  EXPECT_EQ(Linspace(7, 7, 3).count_not_above(7), 3);
  EXPECT_EQ(Linspace(7, 7, 3).count_not_above(6.9), 0);
  EXPECT_EQ(Linspace(0, 1, 3).count_not_above(std::numeric_limits<double>::quiet_NaN()), 0);
  // Rounding makes many of these points equal: 1e18 and its neighbours are 128 apart.
  const std::vector<double> close = points_of(1e18, 1e18 + 1024, 5000);
  for (const double value : {1e18, 1e18 + 128, 1e18 + 512, 1e18 + 896, 1e18 + 1024})
    EXPECT_EQ(Linspace(1e18, 1e18 + 1024, 5000).count_not_above(value),
              std::ranges::upper_bound(close, value) - close.begin())
        << value;
  EXPECT_EQ(Linspace(0, 4e9, 4'000'000'001).count_not_above(2.5e9), 2'500'000'001) << "takes no memory";
}

TEST(Linspace, IsThatOfNumpy) {
  EXPECT_THAT(points_of(0, 1, 2), ElementsAre(0.0, 1.0));
  EXPECT_THAT(points_of(5, 5, 3), ElementsAre(5.0, 5.0, 5.0));
  // >>> [x.hex() for x in numpy.linspace(874724710, 893286638, 1000)[[1, 500, 997, 998, 999]]]
  const auto points = points_of(874724710, 893286638, 1000);
  EXPECT_EQ(points.size(), 1000U);
  EXPECT_EQ(points.front(), 874724710.0);
  EXPECT_EQ(points[1], 0x1.a11c2fd4116cfp+29);
  EXPECT_EQ(points[500], 0x1.a587fba208b67p+29);
  EXPECT_EQ(points[997], 0x1.a9ef3e27dd263p+29);
  EXPECT_EQ(points[998], 0x1.a9f182cbee931p+29);
  EXPECT_EQ(points.back(), 893286638.0);
}

}  // namespace
}  // namespace gemel::features
