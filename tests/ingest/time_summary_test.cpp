#include "ingest/time_summary.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <span>

namespace gemel::ingest {
namespace {

TEST(TimeSummaryTest, IsOfAllRanks) {
  auto world = mpi::Communicator::world();
  Columns columns;
  EXPECT_FALSE(summarize_times(columns, 2'000'000'000, world));
  // Every rank has two good times of its own; root has the others, too, and the last rank none where there are several.
  std::vector<std::int64_t>& times = columns.numbers["timestamp"];
  if (world.size() == 1 || world.rank() + 1 < world.size())
    times = {1'000'000'000 + world.rank(), 1'500'000'000};
  if (world.is_root()) times.insert(times.end(), {0, 0, -86400, 2'000'000'000, 2'000'000'001});
  columns.rows = times.size();
  const auto summary = summarize_times(columns, 2'000'000'000, world);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->first, -86400);
  EXPECT_EQ(summary->last, 2'000'000'001);
  EXPECT_EQ(summary->zeros, 2);
  EXPECT_EQ(summary->before_1990, 1);
  EXPECT_EQ(summary->in_future, 1);
}

TEST(TimeSummaryTest, TheTimeIsTheSameOnAllRanks) {
  auto world = mpi::Communicator::world();
  const std::int64_t now = time_now(world);
  EXPECT_EQ(world.min(now), now);
  EXPECT_EQ(world.max(now), now);
  EXPECT_NEAR(static_cast<double>(now), static_cast<double>(std::time(nullptr)), 60);
}

}  // namespace
}  // namespace gemel::ingest
