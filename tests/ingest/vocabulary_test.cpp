#include "gemel/ingest/vocabulary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ingest/support.hpp"

namespace gemel::ingest {
namespace {

TEST(Vocabulary, OrdersDistinctStringsByHashWhereverTheyAre) {
  auto world = mpi::Communicator::world();
  std::vector<std::string> all;
  for (int i = 0; i < 500; ++i) all.push_back("user " + std::to_string(i * i % 101));
  std::vector<std::string> expected = all;
  const auto less = [](const std::string& a, const std::string& b) {
    return std::make_pair(XXH3_64bits(a.data(), a.size()), a) <
           std::make_pair(XXH3_64bits(b.data(), b.size()), b);
  };
  std::sort(expected.begin(), expected.end(), less);
  expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
  expected.insert(expected.begin(), "[UNK]");

  EXPECT_EQ(build_vocabulary(make_column(block_of(all, world)), world), expected);
  std::reverse(all.begin(), all.end());
  EXPECT_EQ(build_vocabulary(make_column(block_of(all, world)), world), expected);
}

TEST(Vocabulary, TakesStringsOfAnySort) {
  auto world = mpi::Communicator::world();
  const std::vector<std::string> all = {"", "x", std::string("a\0b", 3), "", "\xc3\xa9"};
  const auto vocabulary = build_vocabulary(make_column(block_of(all, world)), world);
  EXPECT_THAT(vocabulary,
              testing::UnorderedElementsAre("[UNK]", "", "x", std::string("a\0b", 3), "\xc3\xa9"));
  EXPECT_EQ(vocabulary[0], "[UNK]");
}

TEST(Vocabulary, OfNothingIsTheUnknownRow) {
  auto world = mpi::Communicator::world();
  EXPECT_THAT(build_vocabulary({}, world), testing::ElementsAre("[UNK]"));
}

TEST(RowMap, FindsRowsButNotSpecialOnes) {
  const std::vector<std::string> strings = {"[UNK]", "b", "a"};
  const RowMap rows = make_row_map(strings, 1);
  EXPECT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows.at("b"), 1);
  EXPECT_EQ(rows.at("a"), 2);
  EXPECT_FALSE(rows.contains("[UNK]"));
}

TEST(AllGatherStrings, KeepsRankOrder) {
  auto world = mpi::Communicator::world();
  const std::vector<std::string> all = {"a", "", "bc", "d", "", "", "efg"};
  const StringColumn gathered = all_gather_strings(make_column(block_of(all, world)), world);
  ASSERT_EQ(gathered.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(gathered[i], all[i]);
}

}  // namespace
}  // namespace gemel::ingest
