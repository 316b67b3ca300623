#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gemel/options.hpp"

namespace gemel::learning {

/// Which items are columns of a batch's logits besides its own candidates: the whole catalogue, or items drawn with repetition. A
/// draw is a function of (seed, epoch, batch) alone, so every rank knows it without being told.
///
/// The probability p of an item in a draw is 1 / items (uniform), or proportional to (its training examples)^power, as word2vec
/// draws its noise (popularity; Mikolov et al., NIPS 2013).
class Negatives {
 public:
  /// `item_counts[i]`: training examples of catalogue row i.
  Negatives(const LossOptions& options, std::span<const std::int64_t> item_counts, std::uint64_t seed);

  /// Bytes that are kept for each item of the catalogue.
  static std::size_t item_bytes(const LossOptions& options);

  /// Whether the columns are every item, once.
  bool are_catalogue() const { return are_catalogue_; }
  /// Items that are drawn for a batch.
  std::int64_t draws() const { return draws_; }
  /// Replaces `items` by those drawn for batch `batch` of epoch `epoch`.
  void draw(std::int64_t epoch, std::int64_t batch, std::vector<std::int32_t>& items) const;
  /// p of an item.
  double probability(std::size_t item) const;

 private:
  bool are_catalogue_;
  std::int64_t draws_;
  std::size_t items_;
  std::uint64_t seed_;
  std::vector<double> cumulative_;  // of popularity: (count of the items up to this one)^power, summed
};

}  // namespace gemel::learning
