#pragma once

#include <cstdint>

#include "gemel/options.hpp"

namespace gemel::learning {

/// The learning rate of step `step`, counted from 0 over the whole run: a function of these alone. With w = warmup_steps and T =
/// total_steps it is peak times
///
///   constant      1
///   cosine        (step + 1) / w  in the first w steps, so that no step is lost on a rate of 0; then
///                 s + (1 - s) * (1 + cos(pi * p)) / 2  with  p = (step - w) / (T - w), at most 1, and s = final_share,
///                 as Keras's CosineDecay
///   inverse_sqrt  (step + 1) / w  in the first w steps; then  sqrt(w / (step + 1)), or 1 / sqrt(step + 1) without warm-up
///                 (Vaswani et al. 2017)
float learning_rate(const OptimizerOptions& options, std::int64_t step);

}  // namespace gemel::learning
