#include "ingest/item_counts.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "ingest/synthetic.hpp"

namespace gemel::ingest {
namespace {

TEST(CountItems, CountsTrainingExamplesOfAllRanks) {
  auto world = mpi::Communicator::world();
  auto self = mpi::Communicator::self();
  const Dataset part = synthesize({}, world);
  const Dataset whole = synthesize({}, self);
  const Split split = split_interactions(part, {}, world);
  const Split of_all = split_interactions(whole, {}, self);
  std::vector<std::int64_t> expected(whole.catalogue.rows);
  for (std::size_t i = 0; i < whole.item_rows.size(); ++i) {
    if (of_all.is_train(i)) ++expected[static_cast<std::size_t>(whole.item_rows[i])];
  }
  const auto counts = count_items(part, split, world);
  EXPECT_EQ(counts, expected);
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}), 48'000);
}

}  // namespace
}  // namespace gemel::ingest
