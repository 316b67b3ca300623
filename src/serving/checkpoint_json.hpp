#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "serving/checkpoint_difference.hpp"
#include "serving/checkpoint_summary.hpp"

namespace gemel::serving {

/// What `trainer inspect --json` and `trainer diff --json` print; scripts rely on the names.
nlohmann::ordered_json to_json(const CheckpointSummary& summary);
/// Of the checkpoints at the paths `a` and `b`.
nlohmann::ordered_json to_json(const std::string& a, const std::string& b,
                               const CheckpointDifference& difference);

}  // namespace gemel::serving
