#pragma once

#include <string>
#include <vector>

#include "cli/progress.hpp"
#include "cli/spare_ranks.hpp"
#include "gemel/options.hpp"
#include "options/option.hpp"

namespace gemel::cli {

/// Everything that can be said to `trainer train`.
struct TrainCommandOptions {
  TrainingOptions training;
  /// A file of options, which those of the command line override; or empty.
  std::string config;
  /// Where one JSON object a line is written for every event of the run; empty: nowhere.
  std::string metrics_file;
  SpareRanks spare_ranks = SpareRanks::rest;
  ProgressStyle progress = ProgressStyle::automatic;
  std::string log_level = "info";
};

/// The rows of `train`: those of the training, and those of the command alone. Bound to the fields of `options`, which must outlive them.
std::vector<options::Option> train_rows(TrainCommandOptions& options);

}  // namespace gemel::cli
