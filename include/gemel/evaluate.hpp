#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gemel/data.hpp"
#include "gemel/export.hpp"
#include "gemel/metrics.hpp"

namespace gemel {

/// Of which examples of the data.
enum class EvaluatedPart {
  automatic,  ///< those for the test; where there are none those for validation, or else those of training
  train,
  validation,
  test,
  all,
};

/// What a model is measured on. What is not given is as the checkpoint's training had it; then the figures are those of the training.
struct EvaluationOptions {
  std::optional<DataOptions> data = std::nullopt;
  EvaluatedPart part = EvaluatedPart::automatic;
  std::optional<std::vector<MetricKind>> metrics = std::nullopt;
  std::optional<std::vector<std::int64_t>> top_k = std::nullopt;
  std::optional<SeenItems> exclude_seen = std::nullopt;
  /// Groups of examples that are measured by themselves, too: "popularity", "activity", or a column of the interactions or the items.
  std::string by = {};
  int threads = 1;
};

/// What a model and two rankings that need none reach on some examples.
struct EvaluatedExamples {
  std::string name;  ///< of the group; of all examples ""
  std::int64_t examples = 0;
  MetricValues model;
  MetricValues popularity;  ///< everybody is shown the items of the most training examples
  MetricValues random;
};

struct EvaluationResult {
  std::string checkpoint;
  std::string data;  ///< name of the data set
  std::string part;
  std::int64_t with_unknown_item = 0;  ///< examples that are missed, since the catalogue lacks their item
  std::int64_t with_unknown_user = 0;  ///< examples of users that the model does not know
  EvaluatedExamples all;
  std::vector<EvaluatedExamples> groups;
};

/// Measures a model as `trainer evaluate` does. `path` is a checkpoint, or a directory: its newest sound one. In a program that mpirun has
/// started, all ranks call it and share the work, with the same result on all; see train() for how MPI begins and ends. Throws Error
/// on all ranks alike.
GEMEL_API EvaluationResult evaluate(const std::string& path, const EvaluationOptions& options = {});

}  // namespace gemel
