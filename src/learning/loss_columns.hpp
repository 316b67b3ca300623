#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "exchange/distinct_candidates.hpp"
#include "gemel/options.hpp"
#include "learning/negatives.hpp"

namespace gemel::learning {

/// What is added to each column of a batch's logits: log m - alpha log q, with
///
///   m      the multiplicity of the column: examples of the batch and extra draws that are its item; 1 in the catalogue
///   q      the item's share in what columns are drawn from (logQ correction: Yi et al., RecSys 2019); not clipped to [1e-6, 1] as
///          TFRS clips its estimates, since it is exact; 1 for an item that is never drawn. A batch of B examples and N extra draws is a sample of a mixture:
///            q = (B * share of the training examples + N * probability of a draw) / (B + N)
///   alpha  the correction's strength; 0 without one
class LossColumns {
 public:
  /// `item_counts[i]`: training examples of catalogue row i.
  LossColumns(const LossOptions& options, std::span<const std::int64_t> item_counts,
              const Negatives& negatives);

  /// Takes over the columns of a batch.
  void assign(const exchange::DistinctCandidates& candidates, const Negatives& negatives);

  /// [columns] log m - alpha log q; -infinity for padding.
  std::span<const float> bias() const { return bias_; }
  /// [columns] m; 0 for padding.
  std::span<const float> multiplicities() const { return multiplicities_; }
  /// [columns] log m; 0 for padding.
  std::span<const float> log_multiplicities() const { return log_multiplicities_; }

 private:
  float correction(std::size_t item) const {
    if (!shares_.empty()) return mixed_correction(item);
    return corrections_.empty() ? 0.0F : corrections_[item];
  }
  float mixed_correction(std::size_t item) const;

  float strength_;
  std::vector<float> corrections_;     // [items] alpha log q without extra draws; empty without a correction
  std::vector<double> shares_;         // [items] of the training examples, for the mixture with extra draws
  std::vector<double> probabilities_;  // [items] of a draw
  double examples_ = 0;                // B
  double draws_ = 0;                   // N
  std::vector<float> bias_;
  std::vector<float> multiplicities_;
  std::vector<float> log_multiplicities_;
};

}  // namespace gemel::learning
