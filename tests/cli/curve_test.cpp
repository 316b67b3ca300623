#include "cli/curve.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace gemel::cli {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

TEST(Curve, ReachesFromTheLeastToTheGreatest) {
  EXPECT_EQ(curve(std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7}, 32), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(curve(std::vector<double>{-3, 4, -3}, 32), "▁█▁");
  EXPECT_EQ(curve(std::vector<double>{2, 2}, 32), "▁▁");
}

TEST(Curve, TakesMeansWhereThereIsNoRoom) {
  EXPECT_EQ(curve(std::vector<double>{0, 0, 6, 8, 14, 14}, 3), "▁▅█");  // 0, 7, 14
}

TEST(Curve, PassesOverWhatWasNotMeasured) {
  EXPECT_EQ(curve(std::vector<double>{none, 0, none, 7}, 32), "▁█");
  EXPECT_EQ(curve(std::vector<double>{none}, 32), "");
  EXPECT_EQ(curve(std::vector<double>{}, 32), "");
}

TEST(CurveRange, IsOfTheNumbers) {
  const auto range = range_of(std::vector<double>{none, 3, 1, 5, none});
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 3);
  EXPECT_EQ(range->last, 5);
  EXPECT_EQ(range->least, 1);
  EXPECT_EQ(range->greatest, 5);
  EXPECT_FALSE(range_of(std::vector<double>{none}));
}

}  // namespace
}  // namespace gemel::cli
