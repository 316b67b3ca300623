#include "ingest/string_exchange.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/columns.hpp"

namespace gemel::ingest {
namespace {

TEST(AllGatherStrings, KeepsRankOrder) {
  auto world = mpi::Communicator::world();
  const std::vector<std::string> all = {"a", "", "bc", "d", "", "", "efg"};
  EXPECT_EQ(all_gather_strings(make_column(block_of(all, world)), world), make_column(all));
}

// Rank r sends r + s strings "r>s i" to rank s, of any content.
TEST(AllToAllStrings, DeliversToEachRankWhatIsForIt) {
  auto world = mpi::Communicator::world();
  const auto text = [](int from, int to, int i) {
    return i == 0 ? std::string()
                  : std::to_string(from) + ">" + std::to_string(to) +
                        std::string(static_cast<std::size_t>(i), '\0');
  };
  StringColumn mine;
  std::vector<std::size_t> counts;
  StringColumn expected;
  std::vector<std::size_t> expected_counts;
  for (int other = 0; other < world.size(); ++other) {
    const int count = world.rank() + other;
    counts.push_back(static_cast<std::size_t>(count));
    expected_counts.push_back(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      mine.push_back(text(world.rank(), other, i));
      expected.push_back(text(other, world.rank(), i));
    }
  }
  std::vector<std::size_t> received;
  EXPECT_EQ(all_to_all_strings(mine, counts, received, world), expected);
  EXPECT_EQ(received, expected_counts);
}

}  // namespace
}  // namespace gemel::ingest
