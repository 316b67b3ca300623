#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_reader.hpp"
#include "evaluation/baselines.hpp"
#include "gemel/metrics.hpp"
#include "gemel/options.hpp"
#include "mpi/communicator.hpp"
#include "serving/evaluation_data.hpp"

namespace gemel::serving {

struct EvaluationRequest {
  TrainingOptions options;  ///< data, its split, metrics, and threads: the rest is the model's
  EvaluatedPart part = EvaluatedPart::automatic;
  std::string by;  ///< as group_examples() takes it; empty: no groups
};

/// What a model and two rankings without one reach on some examples.
struct Comparison {
  std::string name;  ///< of the group
  std::int64_t examples = 0;
  MetricValues model;
  evaluation::Baselines baselines;
};

struct EvaluationReport {
  std::string checkpoint;
  std::int64_t epoch = 0;
  std::int64_t step = 0;
  std::string data;  ///< name of the data set
  std::string part;
  std::int64_t candidates = 0;
  std::int64_t with_unknown_item = 0;  ///< examples that are missed, since the catalogue lacks their item
  std::int64_t with_unknown_user = 0;  ///< examples of users that the model does not know
  Comparison all;
  std::vector<Comparison>
      groups;  ///< each measured as if its examples were all that there are; empty ones are left out
};

/// Is told what is done from now on.
using Tell = std::function<void(const std::string& activity)>;

/// Measures the model of an open checkpoint. On the data that it was trained on, with its own options, the figures are those of the
/// training run bit for bit, on any number of ranks. A rank has its block of the catalogue's vectors. Throws AgreedError as
/// LoadedModel and read_evaluation_data. Collective.
EvaluationReport evaluate(checkpoint::CheckpointReader& reader, const EvaluationRequest& request,
                          const Tell& tell);

}  // namespace gemel::serving
