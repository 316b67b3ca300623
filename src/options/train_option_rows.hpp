#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gemel/options.hpp"
#include "options/option_table.hpp"

namespace gemel::options {

/// What ranks do that their nodes have no CPU for, or that are more than there are lanes. As the number of ranks changes no result, they need not work: two that take turns on
/// a CPU are slower than one that has it.
enum class SpareRanks {
  rest,
  work,
};

/// The names that --spare-ranks takes.
std::vector<std::pair<std::string, SpareRanks>> spare_ranks_names();

enum class ProgressStyle {
  automatic,  ///< bar on a terminal, else, and under mpirun, lines
  bar,        ///< a line that is redrawn, below a growing table of evaluations
  lines,      ///< the table, with a row for every epoch, and a line when there was none for half a minute
  none,
};

/// The names that --progress takes.
std::vector<std::pair<std::string, ProgressStyle>> progress_style_names();

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

/// The options of `train`, bound to the fields of `options`, which must outlive them.
std::vector<Option> train_options(TrainCommandOptions& options);

}  // namespace gemel::options
