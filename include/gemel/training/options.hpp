#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gemel/checkpoint/options.hpp"
#include "gemel/evaluation/metric.hpp"
#include "gemel/ingest/options.hpp"
#include "gemel/learning/options.hpp"
#include "gemel/model/options.hpp"

namespace gemel::training {

/// The most lanes, and so the most ranks.
inline constexpr int most_lanes = 1024;

/// Everything that `trainer train` can be told. The defaults are the TFRS tutorial's.
struct TrainingOptions {
  ingest::DataOptions data;
  model::ModelOptions model;
  learning::LossOptions loss;
  learning::OptimizerOptions optimizer;
  checkpoint::CheckpointOptions checkpoint;

  /// Passes over the training examples, those before a resumed checkpoint included.
  std::int64_t epochs = 300;
  /// Examples of a global batch, over all ranks. The last batch of an epoch may be shorter.
  std::int64_t batch_size = 2048;
  /// Parts of a global batch that are computed apart; also the most ranks that can take part. Sums run along a tree over
  /// the lanes, so a different number of lanes gives different rounding; a different number of ranks does not.
  int lanes = 8;
  /// When a run goes on with other data: strings that its vocabularies lack are out of vocabulary, instead of new rows.
  bool freeze_vocabulary = false;
  /// Where embedding tables are: auto, replicated or sharded for all, or FEATURE= one of these; the later ones win. Changes no
  /// result.
  std::vector<std::string> placements = {"auto"};
  /// Lanes that one rank computes at the same time.
  int threads = 1;
  /// Seed of initial values and of the order of the examples.
  std::uint64_t seed = 42;
  /// Evaluate every so many epochs (0: only at the end): on the validation examples, or on the test examples where there are none.
  std::int64_t validate_every = 5;
  /// The k of the metrics, ascending.
  std::vector<std::int64_t> top_k = {1, 5, 10, 50, 100};
  /// What is measured at every k.
  std::vector<evaluation::MetricKind> metrics = {evaluation::MetricKind::accuracy};
  /// The items that a user has in these examples are left out of the ranking of his queries.
  evaluation::SeenItems exclude_seen = evaluation::SeenItems::none;
  /// What tells which evaluation was the best: "loss", or the name of a metric like "top-100"; empty: nothing does.
  std::string monitor;
  /// End the training after so many evaluations without a better one; 0: never.
  std::int64_t patience = 0;
  /// Where a trace of all ranks' phases is written when the run ends; empty: nowhere.
  std::string trace_file;
};

}  // namespace gemel::training
