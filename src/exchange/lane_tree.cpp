#include "exchange/lane_tree.hpp"

#include <algorithm>
#include <bit>
#include <optional>

#include "base/error.hpp"
#include "base/even_cuts.hpp"

namespace gemel::exchange {
namespace {

int middle(LaneRange node) {
  return node.first + static_cast<int>(std::bit_floor(static_cast<unsigned>(node.size() - 1)));
}

void tile(LaneRange node, LaneRange range, std::vector<LaneRange>& tiles) {
  if (node.last <= range.first || range.last <= node.first) return;
  if (range.first <= node.first && node.last <= range.last) {
    tiles.push_back(node);
    return;
  }
  tile({node.first, middle(node)}, range, tiles);
  tile({middle(node), node.last}, range, tiles);
}

std::vector<LaneRange> leaves(LaneRange range) {
  std::vector<LaneRange> lanes;
  for (int lane = range.first; lane < range.last; ++lane) lanes.push_back({lane, lane + 1});
  return lanes;
}

/// Appends the merges inside `node` and returns the part that then holds its sum, or nothing when the parts do not cover it.
std::optional<std::size_t> merge_node(LaneRange node, std::span<const LaneRange> parts,
                                      std::vector<Merge>& merges) {
  const auto part = std::find(parts.begin(), parts.end(), node);
  if (part != parts.end()) return static_cast<std::size_t>(part - parts.begin());
  if (node.size() == 1 || node.last <= parts.front().first || parts.back().last <= node.first)
    return std::nullopt;
  const auto left = merge_node({node.first, middle(node)}, parts, merges);
  const auto right = merge_node({middle(node), node.last}, parts, merges);
  if (!left || !right) return std::nullopt;
  merges.push_back({*left, *right});
  return left;
}

}  // namespace

LaneRange lanes_of_rank(int lanes, int ranks, int rank) {
  const base::EvenCuts cuts(lanes, ranks);
  return {static_cast<int>(cuts.start(rank)), static_cast<int>(cuts.start(rank + 1))};
}

LaneTree::LaneTree(int lanes) : lanes_(lanes) {
  base::require(lanes >= 1, "exchange: at least one lane");
  merges_ = merges(leaves({0, lanes}));
}

std::vector<LaneRange> LaneTree::subtrees(LaneRange range) const {
  std::vector<LaneRange> tiles;
  if (range.size() > 0) tile({0, lanes_}, range, tiles);
  return tiles;
}

std::vector<LaneRange> LaneTree::subtrees_of_ranks(int ranks) const {
  std::vector<LaneRange> all;
  for (int rank = 0; rank < ranks; ++rank) {
    const auto own = subtrees(lanes_of_rank(lanes_, ranks, rank));
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

std::vector<Merge> LaneTree::merges(std::span<const LaneRange> parts) const {
  std::vector<Merge> merges;
  if (!parts.empty()) merge_node({0, lanes_}, parts, merges);
  return merges;
}

double LaneTree::sum(std::span<const double> lanes) const {
  std::vector<double> sums(lanes.begin(), lanes.end());
  return sum_in_place(sums);
}

double LaneTree::sum_in_place(std::span<double> lanes) const {
  for (const auto [into, from] : merges_) lanes[into] += lanes[from];
  return lanes.front();
}

LaneLayout::LaneLayout(int lane_count, int rank_count, int own_rank)
    : tree(lane_count),
      ranks(rank_count),
      rank(own_rank),
      lanes(lanes_of_rank(lane_count, rank_count, own_rank)) {
  base::require(rank_count <= lane_count, "exchange: more ranks than lanes");
  local_merges = tree.merges(leaves(lanes));
  for (const LaneRange& subtree : tree.subtrees(lanes)) {
    subtrees.push_back({static_cast<std::size_t>(subtree.first - lanes.first),
                        static_cast<std::size_t>(subtree.last - lanes.first), tree.merges(leaves(subtree))});
  }
  for (int other = 0; other < ranks; ++other) {
    subtree_counts.push_back(tree.subtrees(lanes_of_rank(lane_count, ranks, other)).size());
  }
  global_merges = tree.merges(tree.subtrees_of_ranks(ranks));
}

}  // namespace gemel::exchange
