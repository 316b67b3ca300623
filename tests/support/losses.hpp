#pragma once

#include <vector>

#include "gemel/options.hpp"

namespace gemel::test {

/// Every option of the loss that is not the tutorial's, alone and together with others, for batches of some dozens of examples.
inline std::vector<LossOptions> more_losses() {
  using enum NegativeDistribution;
  constexpr auto catalogue = NegativeSource::catalogue;
  constexpr auto mean = LossReduction::mean;
  return {
      {.logq_correction = true, .logq_strength = 0.5F},
      {.partition_weight = 0.6F},
      {.temperature = 2.0F, .reduction = mean},
      {.negatives = catalogue},
      {.extra_negatives = 40},
      {.logq_correction = true, .remove_accidental_hits = true, .extra_negatives = 40},
      {.logq_correction = true,
       .extra_negatives = 25,
       .negative_distribution = popularity,
       .negative_power = 0.5F},
      {.hard_negatives = 3},
      {.temperature = 0.5F, .learned_temperature = true},
      {.label_smoothing = 0.2F},
      {.remove_accidental_hits = true, .label_smoothing = 0.2F},
      {.temperature = 1.5F,
       .partition_weight = 1.3F,
       .reduction = mean,
       .negatives = catalogue,
       .hard_negatives = 6,
       .learned_temperature = true,
       .label_smoothing = 0.1F},
      {.temperature = 0.7F,
       .logq_correction = true,
       .remove_accidental_hits = true,
       .logq_strength = 0.7F,
       .partition_weight = 0.8F,
       .reduction = mean,
       .extra_negatives = 30,
       .negative_distribution = popularity,
       .negative_power = 0.75F,
       .hard_negatives = 5,
       .learned_temperature = true,
       .label_smoothing = 0.3F},
      {.mask_seen = true},
      {.negatives = catalogue, .hard_negatives = 6, .label_smoothing = 0.1F, .mask_seen = true},
      {.temperature = 0.7F,
       .logq_correction = true,
       .remove_accidental_hits = true,
       .reduction = mean,
       .extra_negatives = 30,
       .hard_negatives = 5,
       .learned_temperature = true,
       .label_smoothing = 0.3F,
       .mask_seen = true},
  };
}

}  // namespace gemel::test
