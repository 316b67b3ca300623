#include "ingest/item_counts.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "ingest/synthetic.hpp"

namespace gemel::ingest {
namespace {

TEST(CountItems, CountsThoseOfAllRanks) {
  auto world = mpi::Communicator::world();
  auto self = mpi::Communicator::self();
  const Dataset part = synthesize({}, world);
  const Dataset whole = synthesize({}, self);
  std::vector<std::int64_t> expected(whole.catalogue.rows);
  for (const std::int32_t item : whole.item_rows) ++expected[static_cast<std::size_t>(item)];
  const auto counts = count_items(part.item_rows, part.catalogue_total, world);
  EXPECT_EQ(counts, expected);
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}), 60'000);
}

}  // namespace
}  // namespace gemel::ingest
