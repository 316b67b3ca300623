#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace gemel::tensor {

/// A number whose natural order is that of the scores; what is not a number is above all that are, so that it does not go unseen.
inline std::uint32_t score_key(float score) {
  const auto bits = std::bit_cast<std::uint32_t>(score + 0.0F);  // -0 and +0 are one score
  const std::uint32_t key = bits ^ (0x80000000U | (0U - (bits >> 31)));
  return score == score ? key : 0xffffffffU;
}
inline float score_of_key(std::uint32_t key) {
  return std::bit_cast<float>(key ^ (0x80000000U | ((key >> 31) - 1U)));
}

/// A candidate with its score, as one number whose natural order is "better": score, then the smaller catalogue row. It is total,
/// so the best k do not depend on how the catalogue was divided.
using ScoredRow = std::uint64_t;

inline ScoredRow keyed_row(std::uint32_t key, std::uint32_t row) {
  return static_cast<std::uint64_t>(key) << 32 | static_cast<std::uint32_t>(~row);
}
inline ScoredRow scored_row(float score, std::uint32_t row) {
  return keyed_row(score_key(score), row);
}
inline std::uint32_t row_of(ScoredRow scored) {
  return ~static_cast<std::uint32_t>(scored);
}
inline float score_of(ScoredRow scored) {
  return score_of_key(static_cast<std::uint32_t>(scored >> 32));
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

/// Keeps the best k of a stream of scored rows for one query. The k-th best of the first ones is the threshold that others must exceed
/// to wait in a buffer; when it is full, little more than the best k stay, and the worst of them becomes the threshold. Scores of minus
/// infinity are left out. What is not a number counts as better than all numbers.
class BestRows {
 public:
  explicit BestRows(std::size_t k);

  /// Takes scores[i] of row first_row + i, for all i. Rows must come in ascending order over the calls.
  void scan(std::span<const float> scores, std::uint32_t first_row);

  /// Writes the best so far to `best` [at least k], best first, and begins anew. Returns how many they are: k, or all if there are fewer.
  std::size_t take(std::span<ScoredRow> best);

 private:
  std::size_t room() const { return k_ + std::min<std::size_t>(3 * k_, 4096); }
  std::size_t most_kept() const { return k_ + k_ / 8; }
  void begin_with(std::span<const float> scores);
  void add(std::span<const float> scores, std::uint32_t first_row);
  void keep_best();

  std::size_t k_;
  float threshold_ =
      -std::numeric_limits<float>::infinity();  // what scores at most this is not among the best k
  // What waits, in ascending order of rows, and room for as much as is looked at together:
  std::size_t size_ = 0;
  std::vector<std::uint32_t> keys_;
  std::vector<std::uint32_t> rows_;
};

}  // namespace gemel::tensor
