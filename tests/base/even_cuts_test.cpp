#include "base/even_cuts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace gemel::base {
namespace {

TEST(EvenCutsTest, TileTheThingsInOrderAndKnowThePartOfEach) {
  for (const std::int64_t size : {0, 1, 3, 7, 8, 29, 100, 1000}) {
    for (const int parts : {1, 2, 3, 5, 7, 8, 64}) {
      const EvenCuts cuts(size, parts);
      std::int64_t next = 0;
      for (int part = 0; part < parts; ++part) {
        EXPECT_EQ(cuts.start(part), next);
        for (; next < cuts.start(part + 1); ++next) EXPECT_EQ(cuts.part_of(next), part);
      }
      EXPECT_EQ(next, size);
    }
  }
}

TEST(EvenCutsTest, SizesDifferByOneAtMost) {
  for (const std::int64_t size : {5, 64, 1001}) {
    for (const int parts : {1, 3, 8, 13}) {
      const EvenCuts cuts(size, parts);
      for (int part = 0; part < parts; ++part) {
        const std::int64_t length = cuts.start(part + 1) - cuts.start(part);
        EXPECT_GE(length, size / parts);
        EXPECT_LE(length, (size + parts - 1) / parts);
      }
    }
  }
}

/// Checkpoints and results rest on the cuts.
TEST(EvenCutsTest, AreRoundedDown) {
  const EvenCuts cuts(10, 4);
  EXPECT_EQ(cuts.start(1), 2);
  EXPECT_EQ(cuts.start(2), 5);
  EXPECT_EQ(cuts.start(3), 7);
}

TEST(EvenCutsTest, OfSizesWhoseMultiplesDoNotFit) {
  constexpr std::int64_t size = std::numeric_limits<std::int64_t>::max();
  const EvenCuts cuts(size, 1000);
  for (int part = 0; part <= 1000; ++part) {
    EXPECT_EQ(cuts.start(part), static_cast<std::int64_t>(static_cast<__int128>(size) * part / 1000));
  }
}

}  // namespace
}  // namespace gemel::base
