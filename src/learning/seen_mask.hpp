#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "exchange/distinct_candidates.hpp"
#include "gemel/options.hpp"
#include "ingest/user_history.hpp"

namespace gemel::learning {

/// Which columns of a batch's logits a query does not have because they are other training items of its user. Takes the time of a
/// look at each item of the user, however many columns there are.
class SeenMask {
 public:
  /// `seen` are the training items of every user, rows of a catalogue of `items`; it must outlive the mask.
  SeenMask(const ingest::UserHistory& seen, std::size_t items);

  /// Bytes that are kept for each item of the catalogue, besides the users' items.
  static std::size_t item_bytes(const LossOptions& options);

  /// Takes over the columns of a batch.
  void assign(const exchange::DistinctCandidates& candidates);

  /// Makes -infinity of those of a row's logits [columns] that are of the items of its user, but for that of column `label`.
  void apply(std::int32_t user, std::size_t label, std::span<float> logits) const;

 private:
  const ingest::UserHistory* seen_;
  std::vector<std::int32_t> columns_;   // [catalogue] of each item; -1 where it is no column
  std::vector<std::int32_t> assigned_;  // items that are columns
};

}  // namespace gemel::learning
