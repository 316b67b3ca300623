#include "tensor/arithmetic.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace gemel::tensor {
namespace {

using Limits = std::numeric_limits<float>;

TEST(AllFinite, TakesEveryNumber) {
  EXPECT_TRUE(all_finite({}));
  const std::vector<float> values = {
      0.0F, -0.0F, 1.0F, Limits::max(), Limits::lowest(), Limits::denorm_min()};
  EXPECT_TRUE(all_finite(values));
}

TEST(AllFinite, FindsOneValueThatIsNoneWhereverItIs) {
  const std::size_t length = 67;  // vectors of any width, and a rest
  for (const float bad : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), -Limits::quiet_NaN(),
                          Limits::signaling_NaN()}) {
    for (std::size_t place = 0; place < length; ++place) {
      std::vector<float> values(length, Limits::max());
      EXPECT_TRUE(all_finite(values));
      values[place] = bad;
      EXPECT_FALSE(all_finite(values)) << bad << " at " << place;
    }
  }
}

}  // namespace
}  // namespace gemel::tensor
