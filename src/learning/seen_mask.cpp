#include "gemel/learning/seen_mask.hpp"

#include <limits>

namespace gemel::learning {
namespace {

constexpr std::int32_t no_column = -1;

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
  for (const std::int32_t item : seen_->items(user)) {
    const std::int32_t column = columns_[static_cast<std::size_t>(item)];
    // No branch, which would be guessed wrong often: what is no column writes to the label's.
    logits[column == no_column ? label : static_cast<std::size_t>(column)] =
        -std::numeric_limits<float>::infinity();
  }
  logits[label] = own_logit;
}

}  // namespace gemel::learning
