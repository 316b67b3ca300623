#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_reader.hpp"

namespace gemel::serving {

/// A setting or a figure that two checkpoints have otherwise; empty where one has none.
struct TextDifference {
  std::string name;
  std::string a;
  std::string b;
};

/// A dataset that two checkpoints have otherwise.
struct DatasetDifference {
  std::string path;
  std::string a;  ///< what it is in either: "float32 [943, 32]"; empty where it is not there
  std::string b;
  /// Values that differ, where both have as many of the same kind; two that are no numbers are alike.
  std::optional<std::int64_t> differing;
  /// Of numbers: the largest |a - b|, and the norm of a - b as a share of that of a.
  double largest = 0;
  double relative = 0;
};

struct CheckpointDifference {
  std::vector<TextDifference> settings;
  std::vector<TextDifference> progress;     ///< epoch, step, the data
  std::vector<DatasetDifference> datasets;  ///< what cannot be compared first, then by falling `relative`
  std::int64_t compared = 0;                ///< datasets that both have

  bool is_equal() const { return settings.empty() && progress.empty() && datasets.empty(); }
};

/// Compares all but the group /run, which tells of the writing and not of the model; of that, the options. Block by block; the same for any number of
/// ranks. Throws AgreedError (checkpoint). Collective.
CheckpointDifference compare(checkpoint::CheckpointReader& a, checkpoint::CheckpointReader& b);

}  // namespace gemel::serving
