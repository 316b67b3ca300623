#include "features/feature_rows.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "mpi/communicator.hpp"

namespace gemel::features {
namespace {

using testing::ElementsAre;

/// Row i has the single value 10 i, a list of i times i, and a list of one, 7.
FeatureRows rows_up_to(std::uint32_t count, std::uint32_t first = 0) {
  FeatureRows rows;
  rows.features = 3;
  rows.lists = {1, 2};
  const std::vector<std::uint32_t> seven = {7};
  for (std::uint32_t i = first; i < count; ++i) {
    const std::vector<std::uint32_t> list(i, i);
    rows.words.insert(rows.words.end(), {10 * i, rows.add_list(list), rows.add_list(seven)});
  }
  return rows;
}

void expect_row(const FeatureRows& rows, std::size_t row, std::uint32_t i) {
  EXPECT_THAT(rows.values(row, 0), ElementsAre(10 * i)) << "a single value is a list of one";
  EXPECT_THAT(rows.values(row, 1), testing::Each(i));
  EXPECT_EQ(rows.values(row, 1).size(), i);
  EXPECT_THAT(rows.values(row, 2), ElementsAre(7));
}

TEST(FeatureRowsTest, AreAppendedWithTheirLists) {
  const FeatureRows all = rows_up_to(4);
  FeatureRows chosen = all.empty_like();
  EXPECT_EQ(chosen.size(), 0U);
  for (const std::size_t row : {3U, 0U, 3U}) chosen.append(all, row);
  ASSERT_EQ(chosen.size(), 3U);
  expect_row(chosen, 0, 3);
  expect_row(chosen, 1, 0);
  expect_row(chosen, 2, 3);
}

TEST(FeatureRowsTest, NameTheTableRowsOfASelection) {
  const std::vector<std::int32_t> selection = {2, -1, 0, 1};
  std::vector<std::int64_t> touched;
  append_table_rows(1, rows_up_to(3), selection, touched);
  EXPECT_THAT(touched, ElementsAre(2, 2, 1));
  append_table_rows(0, rows_up_to(3), selection, touched);
  EXPECT_THAT(touched, ElementsAre(2, 2, 1, 20, 0, 10));
}

/// Rank r has two rows.
TEST(FeatureRowsTest, AreGatheredInTheOrderOfRanks) {
  auto world = mpi::Communicator::world();
  const auto rank = static_cast<std::uint32_t>(world.rank());
  const FeatureRows mine = rows_up_to(2 * rank + 2, 2 * rank);
  const FeatureRows all = all_gather_rows(mine, world);
  const auto count = 2 * static_cast<std::uint32_t>(world.size());
  ASSERT_EQ(all.size(), count);
  for (std::uint32_t i = 0; i < count; ++i) expect_row(all, i, i);
  // A word, two lengths, the 7, and a list of (count - 1) / 2 on average.
  EXPECT_DOUBLE_EQ(mean_words(mine, world), 4 + (count - 1) / 2.0);
}

}  // namespace
}  // namespace gemel::features
