#include "tensor/score_scan.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "base/vectorize.hpp"

namespace gemel::tensor {
namespace {

constexpr std::size_t stride = 32;

/// Where scores above the threshold begin, in whole strides, or `size`, a multiple of them. Most strides hold none: this is the loop that
/// a search spends its time in.
GEMEL_VECTORIZE
std::size_t first_stride_above(const float* scores, std::size_t size, float threshold) {
  for (std::size_t start = 0; start < size; start += stride) {
    int above = 0;
    for (std::size_t i = 0; i < stride; ++i) above |= static_cast<int>(!(scores[start + i] <= threshold));
    if (above != 0) return start;
  }
  return size;
}

GEMEL_VECTORIZE
void keys_of(const float* scores, std::size_t size, std::uint32_t* keys) {
  for (std::size_t i = 0; i < size; ++i) keys[i] = score_key(scores[i]);
}

/// Copies the keys that reach the bound, with their rows, and returns how many they are. It writes to `size` places, whatever it
/// finds: to know first whether a key will stay takes longer. The places may be those of the keys and rows themselves.
template <class RowOf>
[[gnu::always_inline]] inline std::size_t copy_reaching(std::uint32_t bound, const std::uint32_t* keys,
                                                        std::size_t size, const RowOf& row_of,
                                                        std::uint32_t* kept_keys, std::uint32_t* kept_rows) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint32_t key = keys[i];
    kept_keys[kept] = key;
    kept_rows[kept] = row_of(i);
    kept += static_cast<std::size_t>(key >= bound);
  }
  return kept;
}

/// A bound that at least k keys reach, and at most `most` of them unless too many are equal. Found by halving the range that it is in,
/// without a branch that depends on a single key.
GEMEL_VECTORIZE
std::uint32_t bound_of_best(const std::uint32_t* keys, std::size_t size, std::size_t k, std::size_t most) {
  std::uint32_t low = keys[0];
  std::uint32_t high = keys[0];
  for (std::size_t i = 0; i < size; ++i) {
    low = std::min(low, keys[i]);
    high = std::max(high, keys[i]);
  }
  while (low < high) {
    const std::uint32_t middle = high - (high - low) / 2;
    unsigned reaching = 0;
    for (std::size_t i = 0; i < size; ++i) reaching += static_cast<unsigned>(keys[i] >= middle);
    if (reaching < k) {
      high = middle - 1;
    } else {
      low = middle;
      if (reaching <= most) break;
    }
  }
  return low;
}

/// greater[i] = how many keys are greater than keys[i].
GEMEL_VECTORIZE
void count_greater(const std::uint32_t* keys, std::size_t size, std::uint32_t* greater) {
  for (std::size_t start = 0; start < size; start += stride) {
    std::uint32_t own[stride] = {};
    std::uint32_t counts[stride] = {};
    const std::size_t count = std::min(stride, size - start);
    std::copy_n(keys + start, count, own);
    for (std::size_t j = 0; j < size; ++j) {
      for (std::size_t i = 0; i < stride; ++i) counts[i] += static_cast<std::uint32_t>(keys[j] > own[i]);
    }
    std::copy_n(counts, count, greater + start);
  }
}

/// The place of each key in their descending order; equal ones keep theirs.
std::vector<std::uint32_t> places_of(std::span<const std::uint32_t> keys) {
  constexpr std::size_t few = 1024;  // up to which counting, without a branch, beats sorting
  std::vector<std::uint32_t> places(keys.size());
  if (keys.size() <= few) {
    std::vector<std::uint32_t> equal(keys.size(), 0);  // that have been met, by place
    count_greater(keys.data(), keys.size(), places.data());
    for (std::uint32_t& place : places) place += equal[place]++;
  } else {
    std::vector<std::uint32_t> order(keys.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, std::greater<>(), [&](std::uint32_t i) { return keys[i]; });
    for (std::uint32_t place = 0; place < keys.size(); ++place) places[order[place]] = place;
  }
  return places;
}

GEMEL_VECTORIZE
void compare_in_loop(const float* scores, std::size_t size, float true_score, int* higher, int* equal) {
  int not_below = 0;
  int same = 0;
  for (std::size_t i = 0; i < size; ++i) {
    not_below += static_cast<int>(!(scores[i] < true_score));  // also where it is not a number
    same += static_cast<int>(scores[i] == true_score);
  }
  *higher = not_below - same;
  *equal = same;
}

}  // namespace

Standing compare_scores(std::span<const float> scores, float true_score) {
  int higher = 0;
  int equal = 0;
  compare_in_loop(scores.data(), scores.size(), true_score, &higher, &equal);
  return {higher, equal};
}

void throw_not_finite() {
  throw base::DivergedError(
      "the model gives scores that are not finite numbers; try a lower --learning-rate");
}

BestRows::BestRows(std::size_t k) : k_(k), keys_(room() + stride), rows_(room() + stride) {}

void BestRows::scan(std::span<const float> scores, std::uint32_t first_row) {
  if (size_ == 0) begin_with(scores);
  const std::size_t whole = scores.size() / stride * stride;
  for (std::size_t start = 0;; start += stride) {
    start += first_stride_above(scores.data() + start, whole - start, threshold_);
    if (start == whole) break;
    add(scores.subspan(start, stride), first_row + static_cast<std::uint32_t>(start));
  }
  add(scores.subspan(whole), first_row + static_cast<std::uint32_t>(whole));
}

/// None below the k-th best of the first scores is among the best k.
void BestRows::begin_with(std::span<const float> scores) {
  const std::size_t count = std::min(scores.size(), room());
  if (count <= k_) return;
  keys_of(scores.data(), count, keys_.data());
  const float kth = score_of_key(bound_of_best(keys_.data(), count, k_, most_kept()));
  const float below = std::nextafter(kth, -std::numeric_limits<float>::infinity());
  if (below > threshold_) threshold_ = below;
}

/// At most a stride of scores.
void BestRows::add(std::span<const float> scores, std::uint32_t first_row) {
  std::array<std::uint32_t, stride> keys;
  keys_of(scores.data(), scores.size(), keys.data());
  const auto row_of = [first_row](std::size_t i) { return first_row + static_cast<std::uint32_t>(i); };
  size_ += copy_reaching(score_key(threshold_) + 1, keys.data(), scores.size(), row_of, keys_.data() + size_,
                         rows_.data() + size_);
  if (size_ >= room()) keep_best();
}

/// Drops all but the best k and a few more.
void BestRows::keep_best() {
  const std::uint32_t bound = bound_of_best(keys_.data(), size_, k_, most_kept());
  const auto drop_below_bound = [&] {
    const auto row_of = [this](std::size_t i) { return rows_[i]; };
    size_ = copy_reaching(bound, keys_.data(), size_, row_of, keys_.data(), rows_.data());
  };
  drop_below_bound();
  if (size_ > most_kept()) {  // of those with the score of the last one, the first rows stay
    std::size_t surplus = size_ - k_;
    for (std::size_t i = size_; surplus > 0; --i) {
      if (keys_[i - 1] != bound) continue;
      keys_[i - 1] = 0;  // that of no score
      --surplus;
    }
    drop_below_bound();
  }
  threshold_ = score_of_key(bound);
}

std::size_t BestRows::take(std::span<ScoredRow> best) {
  if (size_ > most_kept()) keep_best();
  const std::vector<std::uint32_t> places = places_of(std::span(keys_).first(size_));
  for (std::size_t i = 0; i < size_; ++i) {
    if (places[i] < k_) best[places[i]] = keyed_row(keys_[i], rows_[i]);
  }
  threshold_ = -std::numeric_limits<float>::infinity();
  return std::min(std::exchange(size_, 0), k_);
}

}  // namespace gemel::tensor
