#include "learning/seen_mask.hpp"

#include <limits>

namespace gemel::learning {
namespace {

constexpr std::int32_t no_column = -1;  // all bits set

}  // namespace

SeenMask::SeenMask(const ingest::UserHistory& seen, std::size_t items)
    : seen_(&seen), columns_(items, no_column) {}

std::size_t SeenMask::item_bytes(const LossOptions& options) {
  return options.mask_seen ? sizeof(std::int32_t) : 0;
}

void SeenMask::assign(const exchange::DistinctCandidates& candidates) {
  for (const std::int32_t item : assigned_) columns_[static_cast<std::size_t>(item)] = no_column;
  const std::span<const std::int32_t> items = candidates.rows().first(candidates.distinct());
  assigned_.assign(items.begin(), items.end());
  for (std::size_t column = 0; column < items.size(); ++column) {
    columns_[static_cast<std::size_t>(items[column])] = static_cast<std::int32_t>(column);
  }
}

void SeenMask::apply(std::int32_t user, std::size_t label, std::span<float> logits) const {
  const float own_logit = logits[label];
  const auto own = static_cast<std::int32_t>(label);
  for (const std::int32_t item : seen_->items(user)) {
    const std::int32_t column = columns_[static_cast<std::size_t>(item)];
    // An item without a column writes to the label's. In arithmetic: a branch would be guessed wrong often.
    const std::int32_t is_absent = column >> 31;
    logits[static_cast<std::size_t>((column & ~is_absent) | (own & is_absent))] =
        -std::numeric_limits<float>::infinity();
  }
  logits[label] = own_logit;
}

}  // namespace gemel::learning
