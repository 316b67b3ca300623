#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gemel/ingest/feature.hpp"
#include "gemel/training/options.hpp"

namespace gemel::training {

/// The settings that determine the result of a run, as JSON: option name -> value. Kept in checkpoints. How the run is computed
/// (ranks, threads, what is printed, how long it goes on) is not among them.
std::string result_settings(const TrainingOptions& options);

/// The settings that data can settle, as (option name, value as it would be given): the features and the split. Of other splits'
/// options it says that they are not used.
std::vector<std::pair<std::string, std::string>> data_settings(const TrainingOptions& options);

/// Compares the settings of a run with those of the checkpoint that it is to go on from. Settings that shape the model or the order
/// of the examples must agree: throws CheckpointError that names the option, both values and the remedy. Returns a warning for each
/// of the others that differs.
std::vector<std::string> compare_settings(const std::string& checkpoint_path, const std::string& saved,
                                          const std::string& current);

/// The parsed declarations of a tower's features. Throws UsageError as ingest::parse_feature.
std::vector<ingest::FeatureSpec> parse_features(const std::vector<std::string>& declarations,
                                                std::size_t default_dim);

}  // namespace gemel::training
