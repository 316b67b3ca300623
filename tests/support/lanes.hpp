#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/random.hpp"
#include "exchange/lane_tree.hpp"

namespace gemel::test {

/// A float between -1 and 1 that is a function of its arguments alone, so that every rank can make any lane's data.
inline float number(std::uint64_t stream, std::uint64_t index) {
  return 2.0F * base::random_float(stream * 1000003 + 17, index) - 1.0F;
}

/// The sum over all lanes of the lane tree, computed by plain recursion on one rank: the truth for what ranks compute together.
inline float tree_sum(int first, int last, const std::function<float(int)>& lane) {
  if (last - first == 1) return lane(first);
  int half = 1;
  while (half * 2 < last - first) half *= 2;
  return tree_sum(first, first + half, lane) + tree_sum(first + half, last, lane);
}

}  // namespace gemel::test
