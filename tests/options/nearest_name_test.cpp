#include "options/nearest_name.hpp"

#include <gtest/gtest.h>

namespace gemel::options {
namespace {

TEST(EditDistance, IsTheTextbookValue) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("saturday", "sunday"), 3U);
  EXPECT_EQ(edit_distance("flaw", "lawn"), 2U);
}

TEST(EditDistance, CountsSwappedNeighboursAsOne) {
  EXPECT_EQ(edit_distance("trian", "train"), 1U);
  EXPECT_EQ(edit_distance("ca", "abc"), 3U);  // optimal string alignment never edits a swapped pair again
}

TEST(NearestName, IsTheOneThatWasProbablyMeant) {
  const std::vector<std::string> names = {"epochs", "seed", "split-seed", "keep", "top-k"};
  EXPECT_EQ(nearest_name("epoch", names), "epochs");
  EXPECT_EQ(nearest_name("sede", names), "seed");
  EXPECT_EQ(nearest_name("splitseed", names), "split-seed");
  EXPECT_EQ(nearest_name("topk", names), "top-k");
}

TEST(NearestName, IsEmptyWhenNothingIsNear) {
  EXPECT_EQ(nearest_name("wavelength", {"epochs", "seed"}), "");
  EXPECT_EQ(nearest_name("x", {"ab"}), "");
  EXPECT_EQ(nearest_name("x", {}), "");
}

}  // namespace
}  // namespace gemel::options
