#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace gemel::exchange {

/// Lanes [first, last).
struct LaneRange {
  int first = 0;
  int last = 0;

  int size() const { return last - first; }
  bool operator==(const LaneRange&) const = default;
};

/// The lanes that a rank computes: contiguous, in rank order, as even as can be. Needs 0 <= rank < ranks <= lanes.
LaneRange lanes_of_rank(int lanes, int ranks, int rank);

/// Two operands of a sum: part `from` is added to part `into`.
struct Merge {
  std::size_t into = 0;
  std::size_t from = 0;
  bool operator==(const Merge&) const = default;
};

/// The fixed binary tree over lanes along which every floating-point sum across lanes is taken, so that the sum's bits do not
/// depend on who computes which part of it. A node over m > 1 lanes has its largest power of two below m on the left.
class LaneTree {
 public:
  explicit LaneTree(int lanes);

  int lanes() const { return lanes_; }

  /// The largest nodes of the tree that tile `range`, in lane order: one for an aligned power of two, at most
  /// 2 log2(lanes) otherwise.
  std::vector<LaneRange> subtrees(LaneRange range) const;

  /// The subtrees of every rank, in rank order: the parts that meet in an exchange.
  std::vector<LaneRange> subtrees_of_ranks(int ranks) const;

  /// How to sum `parts` (nodes of the tree, in lane order, tiling a range) into the subtrees of that range: merges to be done
  /// in this order. A subtree's sum ends in its first part.
  std::vector<Merge> merges(std::span<const LaneRange> parts) const;

  /// The sum of one number per lane, [lanes()].
  double sum(std::span<const double> lanes) const;
  /// The same, which leaves partial sums in `lanes`.
  double sum_in_place(std::span<double> lanes) const;

 private:
  int lanes_;
  std::vector<Merge> merges_;  // from the lanes to the whole sum in lane 0
};

/// What one rank of `ranks` needs to know of the tree: its lanes, its subtrees, those of all ranks, and in what order to merge.
struct LaneLayout {
  LaneLayout(int lanes, int ranks, int rank);

  LaneTree tree;
  int ranks;
  int rank;
  LaneRange lanes;  ///< of this rank
  std::vector<Merge>
      local_merges;  ///< from this rank's lanes (counted from 0) to its subtrees, each in its first lane

  /// A subtree of this rank.
  struct Subtree {
    std::size_t first = 0;  ///< its lanes [first, last), counted from this rank's first lane
    std::size_t last = 0;
    std::vector<Merge> merges;  ///< from those lanes (counted from `first`) to its sum in part 0

    std::size_t size() const { return last - first; }
  };
  std::vector<Subtree> subtrees;
  /// The subtree of one of this rank's lanes, counted from the first.
  std::size_t subtree_of_lane(std::size_t lane) const {
    std::size_t subtree = 0;
    while (subtrees[subtree].last <= lane) ++subtree;
    return subtree;
  }
  std::vector<std::size_t> subtree_counts;  ///< number of subtrees of every rank
  std::vector<Merge>
      global_merges;  ///< from the subtrees of all ranks, in rank order, to the whole sum in part 0
};

}  // namespace gemel::exchange
