#include "ingest/distinct_strings.hpp"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ingest/string_exchange.hpp"
#include "support/columns.hpp"

namespace gemel::ingest {
namespace {

TEST(OwnerOfHash, GivesEachRankARangeInOrder) {
  constexpr std::uint64_t most = ~std::uint64_t{0};
  for (const int ranks : {1, 2, 3, 8, 1000}) {
    EXPECT_EQ(owner_of_hash(0, ranks), 0);
    EXPECT_EQ(owner_of_hash(most, ranks), ranks - 1);
    for (int rank = 0; rank < ranks; ++rank) {
      const auto middle = static_cast<std::uint64_t>(((static_cast<unsigned __int128>(2 * rank + 1)) << 63) /
                                                     static_cast<unsigned>(ranks));
      EXPECT_EQ(owner_of_hash(middle, ranks), rank);
    }
  }
  EXPECT_EQ(owner_of_hash(most / 2, 2), 0);
  EXPECT_EQ(owner_of_hash(most / 2 + 1, 2), 1);
}

TEST(DistinctStringsTest, AreThoseOfTheColumnInOrderOfTheirHashes) {
  std::vector<std::string> texts = {"", "x", std::string("a\0b", 3), "\xc3\xa9", "x", "", "x"};
  for (int i = 0; i < 300; ++i) texts.push_back("user " + std::to_string(i * i % 101));
  std::map<std::pair<std::uint64_t, std::string>, std::int64_t> count_of;
  for (const auto& text : texts) ++count_of[{XXH3_64bits(text.data(), text.size()), text}];

  const DistinctStrings found = distinct_strings(make_column(texts));
  ASSERT_EQ(found.size(), count_of.size());
  std::size_t place = 0;
  for (const auto& [key, count] : count_of) {
    EXPECT_EQ(found.hashes[place], key.first);
    EXPECT_EQ(found.strings[place], key.second);
    EXPECT_EQ(found.counts[place], count);
    ++place;
  }
  ASSERT_EQ(found.places.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(found.strings[found.places[i]], texts[i]);
}

TEST(DistinctStringsTest, AddsUpTheCountsThatAreGiven) {
  const DistinctStrings found =
      distinct_strings(make_column({"a", "b", "a"}), std::vector<std::int64_t>{5, 7, 11});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found.counts[found.places[0]], 16);
  EXPECT_EQ(found.counts[found.places[1]], 7);
}

TEST(GatherByOwner, MergesEqualStringsOfAllRanks) {
  auto world = mpi::Communicator::world();
  std::vector<std::string> texts;
  for (int i = 0; i < 40; ++i) texts.push_back(std::to_string(i % 13));
  const DistinctStrings owned = gather_by_owner(distinct_strings(make_column(block_of(texts, world))), world);
  for (const std::uint64_t hash : owned.hashes) EXPECT_EQ(owner_of_hash(hash, world.size()), world.rank());
  const DistinctStrings expected = distinct_strings(make_column(texts));
  EXPECT_EQ(all_gather_strings(owned.strings, world), expected.strings);
  EXPECT_EQ(world.all_gather_varying(std::span<const std::int64_t>(owned.counts)), expected.counts);
}

}  // namespace
}  // namespace gemel::ingest
