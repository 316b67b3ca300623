#pragma once

#include <array>
#include <string_view>

namespace gemel::metering {

/// The parts of a run whose time is told apart, in the order of a training step.
enum class Phase {
  deal,
  gather,
  lookup,
  forward,
  share,
  loss,
  reduce,
  backward,
  exchange,
  update,
  evaluation,
  checkpoint
};

/// Of literals, so each ends with a zero.
inline constexpr std::array<std::string_view, 12> phase_names = {
    "deal",   "gather",   "lookup",   "forward", "share",      "loss",
    "reduce", "backward", "exchange", "update",  "evaluation", "checkpoint"};

}  // namespace gemel::metering
