#pragma once

#include <cstdint>
#include <string>

namespace gemel::checkpoint {

/// How often something is done: every `count` epochs or steps; 0 means only at the end of the run.
struct Interval {
  enum class Unit { epochs, steps };
  std::int64_t count = 0;
  Unit unit = Unit::epochs;
};

struct CheckpointOptions {
  std::string directory = "checkpoints";
  Interval every = {50, Interval::Unit::epochs};
  /// Empty: start afresh. "auto": go on from the newest sound checkpoint of the directory, or start afresh if it holds
  /// none. Otherwise the path of a checkpoint to go on from.
  std::string resume;
  /// Checkpoints of a run that are kept: the newest ones.
  std::int64_t keep = 2;
  /// Keep the checkpoint with the best monitored value, too: one is written whenever that improves.
  bool keep_best = false;
};

}  // namespace gemel::checkpoint
