#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gemel::evaluation {

/// The catalogue by its items' training examples, the most first, those of equally many by row: what a ranking by counting shows.
class PopularityOrder {
 public:
  /// `counts` are the training examples of every item.
  explicit PopularityOrder(std::span<const std::int64_t> counts);

  std::size_t size() const { return rows_.size(); }
  /// The items, best first.
  std::span<const std::int32_t> rows() const { return rows_; }
  /// How many items come before one.
  std::int64_t before(std::size_t row) const { return places_[row]; }

 private:
  std::vector<std::int32_t> rows_;
  std::vector<std::int32_t> places_;
};

}  // namespace gemel::evaluation
