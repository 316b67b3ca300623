#include "tensor/score_scan.hpp"

#include <algorithm>
#include <functional>

#include "base/error.hpp"
#include "base/vectorize.hpp"

namespace gemel::tensor {
namespace {

constexpr std::size_t stride = 64;

/// Whether any of the `stride` scores exceeds the threshold. Most strides hold none: this is the loop that a search spends its
/// time in.
GEMEL_VECTORIZE
std::size_t first_stride_above(const float* scores, std::size_t strides, float threshold) {
  for (std::size_t i = 0; i < strides; ++i) {
    int above = 0;
    for (std::size_t j = 0; j < stride; ++j) above |= static_cast<int>(scores[i * stride + j] > threshold);
    if (above != 0) return i;
  }
  return strides;
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

void BestRows::scan(std::span<const float> scores, std::uint32_t first_row) {
  std::size_t start = 0;
  const std::size_t whole = scores.size() / stride * stride;
  while (start < whole) {
    start += stride * first_stride_above(scores.data() + start, (whole - start) / stride, threshold_);
    if (start == whole) break;
    for (std::size_t i = start; i < start + stride; ++i)
      add(scores[i], first_row + static_cast<std::uint32_t>(i));
    start += stride;
  }
  for (std::size_t i = whole; i < scores.size(); ++i)
    add(scores[i], first_row + static_cast<std::uint32_t>(i));
}

inline void BestRows::add(float score, std::uint32_t row) {
  // A later row of equal score is worse, so only a higher score can enter once k better ones are known.
  if (!(score > threshold_)) return;
  kept_.push_back(scored_row(score, row));
  if (kept_.size() == 2 * k_) drop_worse_half();
}

void BestRows::drop_worse_half() {
  const auto kth = kept_.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
  std::nth_element(kept_.begin(), kth, kept_.end(), std::greater<>());
  threshold_ = score_of(*kth);
  kept_.resize(k_);
}

std::span<const ScoredRow> BestRows::sorted() {
  if (kept_.size() > k_) drop_worse_half();
  std::sort(kept_.begin(), kept_.end(), std::greater<>());
  return kept_;
}

}  // namespace gemel::tensor
