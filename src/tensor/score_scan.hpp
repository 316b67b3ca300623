#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace gemel::tensor {

/// A candidate with its score, as one number whose natural order is "better": score, then the smaller catalogue row. It is total,
/// so the best k do not depend on how the catalogue was divided. Scores must not be NaN.
using ScoredRow = std::uint64_t;

inline ScoredRow scored_row(float score, std::uint32_t row) {
  const auto bits = std::bit_cast<std::uint32_t>(score + 0.0F);  // -0 and +0 are one score
  const std::uint32_t ordered = (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
  return static_cast<std::uint64_t>(ordered) << 32 | static_cast<std::uint32_t>(~row);
}
inline std::uint32_t row_of(ScoredRow scored) {
  return ~static_cast<std::uint32_t>(scored);
}
inline float score_of(ScoredRow scored) {
  const auto ordered = static_cast<std::uint32_t>(scored >> 32);
  return std::bit_cast<float>((ordered & 0x80000000U) != 0 ? ordered & 0x7fffffffU : ~ordered);
}

/// How candidates compare with the true one of a query.
struct Standing {
  std::int64_t higher = 0;  ///< candidates that score higher; a score that is not a number counts as higher
  std::int64_t equal = 0;   ///< other candidates of the same score

  friend bool operator==(const Standing&, const Standing&) = default;
};

/// How the scores compare with that of a true candidate, which is finite and not among them.
Standing compare_scores(std::span<const float> scores, float true_score);

/// Throws DivergedError: scores are not finite.
[[noreturn]] void throw_not_finite();

/// Keeps the best k of a stream of scored rows for one query. Candidates wait in a buffer of twice k; when it is full, the better
/// half stays and its worst score becomes the threshold that later ones must exceed. Scores
/// of minus infinity are left out.
class BestRows {
 public:
  explicit BestRows(std::size_t k) : k_(k), threshold_(-std::numeric_limits<float>::infinity()) {
    kept_.reserve(2 * k);
  }

  /// Takes scores[i] of row first_row + i, for all i. Rows must come in ascending order over the calls.
  void scan(std::span<const float> scores, std::uint32_t first_row);

  /// The best min(k, number of rows) so far, best first. Valid until the next call.
  std::span<const ScoredRow> sorted();

  void clear() {
    kept_.clear();
    threshold_ = -std::numeric_limits<float>::infinity();
  }

 private:
  void add(float score, std::uint32_t row);
  void drop_worse_half();

  std::size_t k_;
  float threshold_;  // rows that score at most this are not among the best k
  std::vector<ScoredRow> kept_;
};

}  // namespace gemel::tensor
