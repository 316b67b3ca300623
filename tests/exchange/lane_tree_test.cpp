#include "exchange/lane_tree.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

namespace gemel::exchange {
namespace {

/// Sums symbols instead of numbers: the result spells the order in which the sum was taken.
std::string spell(std::vector<std::string> parts, const std::vector<Merge>& merges) {
  for (const auto [into, from] : merges) parts[into] = "(" + parts[into] + "+" + parts[from] + ")";
  return parts.front();
}

/// The sum over all lanes as `ranks` ranks take it: each its own lanes first, then all of them the subtrees.
std::string spell_distributed(int lanes, int ranks) {
  std::vector<std::string> subtree_sums;
  std::vector<Merge> global;
  for (int rank = 0; rank < ranks; ++rank) {
    const LaneLayout layout(lanes, ranks, rank);
    std::vector<std::string> own;
    for (int lane = layout.lanes.first; lane < layout.lanes.last; ++lane) own.push_back(std::to_string(lane));
    for (const auto [into, from] : layout.local_merges) own[into] = "(" + own[into] + "+" + own[from] + ")";
    for (const LaneLayout::Subtree& subtree : layout.subtrees) subtree_sums.push_back(own[subtree.first]);
    EXPECT_EQ(layout.subtree_counts[static_cast<std::size_t>(rank)], layout.subtrees.size());
    global = layout.global_merges;
  }
  return spell(subtree_sums, global);
}

TEST(LaneTree, EightLanesFormABalancedTree) {
  EXPECT_EQ(spell_distributed(8, 1), "(((0+1)+(2+3))+((4+5)+(6+7)))");
}

TEST(LaneTree, LanesThatAreNoPowerOfTwoHaveTheLargerPerfectTreeOnTheLeft) {
  EXPECT_EQ(spell_distributed(6, 1), "(((0+1)+(2+3))+(4+5))");
  EXPECT_EQ(spell_distributed(3, 1), "((0+1)+2)");
}

TEST(LaneTree, TheOrderOfTheSumDoesNotDependOnTheNumberOfRanks) {
  for (const int lanes : {1, 2, 3, 5, 6, 7, 8, 12, 13, 16, 31, 32}) {
    const std::string alone = spell_distributed(lanes, 1);
    for (int ranks = 2; ranks <= lanes; ++ranks) {
      EXPECT_EQ(spell_distributed(lanes, ranks), alone) << lanes << " lanes, " << ranks << " ranks";
    }
  }
}

TEST(LaneTree, ARankOwnsOneSubtreeWhenLanesDivideEvenlyByAPowerOfTwo) {
  for (const int ranks : {1, 2, 4, 8}) {
    for (int rank = 0; rank < ranks; ++rank) EXPECT_EQ(LaneLayout(8, ranks, rank).subtrees.size(), 1U);
  }
  // Three ranks of eight lanes own {0,1}, {2,3},{4} and {5},{6,7}.
  EXPECT_EQ(LaneLayout(8, 3, 1).subtree_counts, (std::vector<std::size_t>{1, 2, 2}));
}

TEST(LaneTree, SumsNumbersAlongTheTree) {
  std::vector<double> lanes = {1e16, 1.0, -1e16, 1.0, 0.5, 0.25, 4.0, 8.0};
  EXPECT_EQ(LaneTree(8).sum(lanes), ((1e16 + 1.0) + (-1e16 + 1.0)) + ((0.5 + 0.25) + (4.0 + 8.0)));
}

}  // namespace
}  // namespace gemel::exchange
