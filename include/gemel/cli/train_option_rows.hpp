#pragma once

#include <string>
#include <vector>

#include "gemel/cli/option_table.hpp"
#include "gemel/cli/progress.hpp"
#include "gemel/cli/spare_ranks.hpp"
#include "gemel/training/options.hpp"

namespace gemel::cli {

/// Everything that can be said to `trainer train`.
struct TrainCommandOptions {
  training::TrainingOptions training;
  /// A file of options, which those of the command line override; or empty.
  std::string config;
  /// Where one JSON object a line is written for every event of the run; empty: nowhere.
  std::string metrics_file;
  SpareRanks spare_ranks = SpareRanks::rest;
  ProgressStyle progress = ProgressStyle::automatic;
  std::string log_level = "info";
};

/// The options of `train`, bound to the fields of `options`, which must outlive them.
std::vector<Option> train_options(TrainCommandOptions& options);

}  // namespace gemel::cli
