#include "gemel/ingest/item_counts.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "gemel/ingest/synthetic.hpp"

namespace gemel::ingest {
namespace {

TEST(CountItems, CountsTrainingExamplesOfAllRanks) {
  auto world = mpi::Communicator::world();
  auto self = mpi::Communicator::self();
  const Dataset part = synthesize({}, world);
  const Dataset whole = synthesize({}, self);
  const Split split = split_interactions(part, {}, world);
  const RandomSplit draw(part.total, 0.2, 42);
  std::vector<std::int64_t> expected(whole.catalogue.rows);
  for (std::int64_t i = 0; i < whole.total; ++i) {
    if (!draw.is_test(i)) ++expected[static_cast<std::size_t>(whole.item_rows[static_cast<std::size_t>(i)])];
  }
  const auto counts = count_items(part, split, world);
  EXPECT_EQ(counts, expected);
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}), 48'000);
}

}  // namespace
}  // namespace gemel::ingest
