#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

namespace gemel::ingest {

/// A set of rows of a long list, whose members are numbered in ascending order: 1.5 bits a row of the list.
class RowBitmap {
 public:
  explicit RowBitmap(std::size_t rows) : words_((rows + 63) / 64) {}

  void add(std::size_t row) { words_[row / 64] |= std::uint64_t{1} << (row % 64); }
  /// To be called between the last add() and the first number().
  void settle() {
    before_.resize(words_.size());
    std::transform_exclusive_scan(
        words_.begin(), words_.end(), before_.begin(), std::uint32_t{0}, std::plus<>(),
        [](std::uint64_t word) { return static_cast<std::uint32_t>(std::popcount(word)); });
  }
  /// How many members come before `row`, which is one.
  std::uint32_t number(std::size_t row) const {
    const std::uint64_t lower = words_[row / 64] & ((std::uint64_t{1} << (row % 64)) - 1);
    return before_[row / 64] + static_cast<std::uint32_t>(std::popcount(lower));
  }
  /// The members, ascending.
  std::vector<std::int64_t> rows() const {
    std::vector<std::int64_t> rows;
    for (std::size_t word = 0; word < words_.size(); ++word) {
      for (std::uint64_t rest = words_[word]; rest != 0; rest &= rest - 1)
        rows.push_back(static_cast<std::int64_t>(64 * word) + std::countr_zero(rest));
    }
    return rows;
  }

 private:
  std::vector<std::uint64_t> words_;
  std::vector<std::uint32_t> before_;  // of each word, the members of those before it
};

}  // namespace gemel::ingest
