#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/checkpoint_reader.hpp"
#include "ingest/data_identity.hpp"

namespace gemel::serving {

/// A feature of a tower, and what it has learned.
struct FeatureSummary {
  std::string declaration;  ///< "title:text(10000):32"
  std::int64_t table_rows = 0;
  std::size_t dim = 0;
  /// The first strings of its vocabulary; on root.
  std::vector<std::string> head;
};

struct TowerSummary {
  std::string name;  ///< "query" or "candidate"
  std::vector<FeatureSummary> features;
  std::int64_t table_parameters = 0;
  std::int64_t dense_parameters = 0;
};

/// A parameter's weights, or the averages of them that scores are made of where the training kept any.
struct ParameterSummary {
  std::string path;
  hdf5::Shape shape;
  double norm = 0;     ///< the root of the sum of squares
  double largest = 0;  ///< of the values' magnitudes
};

/// What was measured after every epoch, not numbers where it was not.
struct HistorySeries {
  std::string name;  ///< "loss", "top_10"
  std::vector<double> values;
};

struct StoredPart {
  std::string what;  ///< "weights"
  std::int64_t datasets = 0;
  std::int64_t bytes = 0;
};

/// All that there is to know of a checkpoint at a glance.
struct CheckpointSummary {
  std::string path;
  std::int64_t bytes = 0;
  std::string program_version;
  std::string created;
  std::int64_t ranks = 0;  ///< that wrote it
  std::int64_t epoch = 0;
  std::int64_t step = 0;
  std::int64_t step_in_epoch = 0;
  ingest::DataIdentity data;
  /// Those that are not the defaults, as they would be given.
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<TowerSummary> towers;
  std::int64_t items = 0;
  std::size_t dim = 0;  ///< of the vectors
  std::vector<HistorySeries> history;
  std::vector<ParameterSummary> parameters;
  std::vector<StoredPart> stored;
};

/// Reads it from an open checkpoint, block by block: no rank holds a table. The same for any number of ranks. Throws AgreedError
/// (checkpoint). Collective.
CheckpointSummary summarize(checkpoint::CheckpointReader& reader);

}  // namespace gemel::serving
