#include "base/give_back.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace gemel::base {
namespace {

TEST(GiveBack, LeavesNoMemory) {
  std::vector<int> values(1000, 1);
  give_back(values);
  EXPECT_TRUE(values.empty());
  EXPECT_EQ(values.capacity(), 0U);
}

}  // namespace
}  // namespace gemel::base
