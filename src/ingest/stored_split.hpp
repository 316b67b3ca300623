#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <vector>

#include "gemel/data.hpp"
#include "ingest/part.hpp"
#include "ingest/part_overlap.hpp"
#include "ingest/trained_sample.hpp"

namespace gemel::ingest {

/// Where the parts of a split have their borders. Kept with a model, they split more data alike: an interaction that was a training
/// example stays one.
struct SplitBorders {
  /// Of random and k_fold: test examples are those whose draw (InteractionDraws) is in [test_begin, test_end).
  std::int64_t test_begin = 0;
  std::int64_t test_end = 0;
  /// Where validation examples are drawn out of the training part: those whose draw for that is below this.
  std::int64_t validation_end = 0;
  /// Of time: the time of the last training example.
  std::int64_t train_until = std::numeric_limits<std::int64_t>::min();
  bool operator==(const SplitBorders&) const = default;
};

/// How data is split; as DataOptions.
struct SplitSettings {
  SplitKind kind = SplitKind::random;
  double test_fraction = 0;
  double validation_fraction = 0;
  std::int64_t folds = 0;
  std::int64_t fold = 0;
  std::uint64_t seed = 0;

  static SplitSettings of(const DataOptions& options) {
    return {options.split, options.test_fraction, options.validation_fraction,
            options.folds, options.fold,          options.split_seed};
  }
  void apply_to(DataOptions& options) const {
    options.split = kind;
    options.test_fraction = test_fraction;
    options.validation_fraction = validation_fraction;
    options.folds = folds;
    options.fold = fold;
    options.split_seed = seed;
  }
  bool operator==(const SplitSettings&) const = default;
};

/// A split that has been made of a data set and is kept with it.
struct StoredSplit {
  SplitSettings settings;
  SplitBorders borders;
  std::vector<Part> parts;               ///< of each of this rank's interactions
  std::map<Part, PartOverlap> overlaps;  ///< of validation and test, what they have in common with training
  TrainedSample trained = {};            ///< of all training examples
  bool is_whole = true;                  ///< no longer, once a filter has taken interactions away
};

}  // namespace gemel::ingest
