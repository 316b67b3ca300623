#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ingest/split.hpp"
#include "ingest/trained_sample.hpp"

namespace gemel::ingest {

/// What identifies the data that a model was trained on.
struct DataIdentity {
  std::string name;
  std::int64_t interactions = 0;
  std::int64_t train_examples = 0;
  std::int64_t test_examples = 0;
  std::uint64_t content_hash = 0;
  std::int64_t validation_examples = 0;
  /// Nothing in a checkpoint of a version that drew splits from the number of interactions.
  std::optional<SplitBorders> split = SplitBorders();
  TrainedSample trained = {};  ///< empty in such a checkpoint
};

}  // namespace gemel::ingest
