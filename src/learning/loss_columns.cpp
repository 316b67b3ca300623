#include "learning/loss_columns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace gemel::learning {
namespace {

/// Counts are exact, so shares are not clipped. An item that is never drawn is no column: it needs no correction.
float log_share(double share) {
  return share > 0 ? static_cast<float>(std::log(share)) : 0.0F;
}

}  // namespace

LossColumns::LossColumns(const LossOptions& options, std::span<const std::int64_t> item_counts,
                         const Negatives& negatives)
    : strength_(options.logq_strength) {
  if (!options.logq_correction) return;
  double total = 0;
  for (const std::int64_t count : item_counts) total += static_cast<double>(count);
  for (std::size_t item = 0; item < item_counts.size(); ++item) {
    const double share = static_cast<double>(item_counts[item]) / total;
    if (negatives.draws() == 0) {
      corrections_.push_back(strength_ * log_share(share));
    } else {
      shares_.push_back(share);
      probabilities_.push_back(negatives.probability(item));
    }
  }
}

float LossColumns::mixed_correction(std::size_t item) const {
  return strength_ *
         log_share((examples_ * shares_[item] + draws_ * probabilities_[item]) / (examples_ + draws_));
}

void LossColumns::assign(const exchange::DistinctCandidates& candidates, const Negatives& negatives) {
  const std::span<const std::int32_t> multiplicities = candidates.multiplicities();
  const std::size_t columns = candidates.columns();
  draws_ = static_cast<double>(negatives.draws());
  if (!shares_.empty()) examples_ = std::accumulate(multiplicities.begin(), multiplicities.end(), -draws_);
  multiplicities_.assign(multiplicities.begin(), multiplicities.end());
  bias_.assign(columns, -std::numeric_limits<float>::infinity());
  log_multiplicities_.assign(columns, 0.0F);
  for (std::size_t column = 0; column < candidates.distinct(); ++column) {
    log_multiplicities_[column] = std::log(multiplicities_[column]);
    const auto item = static_cast<std::size_t>(candidates.rows()[column]);
    bias_[column] = log_multiplicities_[column] - correction(item);
  }
}

}  // namespace gemel::learning
