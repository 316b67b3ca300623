#pragma once

#include <cstdint>

#include "gemel/base/random.hpp"

namespace gemel::ingest {

/// The random draw that makes each interaction a training or a test example: a function of (number of
/// interactions, fraction, seed) alone, so every rank knows all of it.
class Split {
 public:
  /// Where an interaction went: it is training (or test) example `number`, counted from 0.
  struct Place {
    bool is_test = false;
    std::int64_t number = 0;
  };

  /// round(total * test_fraction) of `total` interactions become test examples. Throws UsageError for a
  /// fraction outside [0, 1), and DataError when no training example is left.
  Split(std::int64_t total, double test_fraction, std::uint64_t split_seed);

  std::int64_t train_size() const { return train_size_; }
  std::int64_t test_size() const { return static_cast<std::int64_t>(order_.size()) - train_size_; }

  /// Of the interaction with this global index.
  Place place(std::int64_t index) const {
    const auto position = static_cast<std::int64_t>(order_(static_cast<std::uint64_t>(index)));
    if (position < train_size_) return {.is_test = false, .number = position};
    return {.is_test = true, .number = position - train_size_};
  }
  bool is_test(std::int64_t index) const { return place(index).is_test; }
  std::int64_t number(std::int64_t index) const { return place(index).number; }

 private:
  base::KeyedPermutation order_;
  std::int64_t train_size_;
};

}  // namespace gemel::ingest
