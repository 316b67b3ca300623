#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gemel/cli/option_table.hpp"
#include "gemel/cli/progress.hpp"
#include "gemel/mpi/communicator.hpp"
#include "gemel/training/options.hpp"

namespace gemel::cli {

/// Everything that can be said to `trainer train`.
struct TrainCommandOptions {
  training::TrainingOptions training;
  /// A file of options, which those of the command line override; or empty.
  std::string config;
  /// Where one JSON object a line is written for every event of the run; empty: nowhere.
  std::string metrics_file;
  ProgressStyle progress = ProgressStyle::automatic;
  std::string log_level = "info";
};

/// The options of `train`, bound to the fields of `options`, which must outlive them.
std::vector<Option> train_options(TrainCommandOptions& options);

/// The table of the options of `train`, bound to the fields of `options`, which must outlive it.
OptionTable train_option_table(TrainCommandOptions& options);

/// Reads the command line into `table`, which has the train_options of `options` among its rows, then the configuration file that
/// it names (on root, for all). Throws UsageError on all ranks alike, or AgreedError when root cannot read the file. Collective.
void read_train_options(std::span<const std::string> arguments, TrainCommandOptions& options,
                        OptionTable& table, mpi::Communicator& communicator);

struct ParsedTrainOptions {
  TrainCommandOptions options;
  std::vector<std::pair<std::string, std::string>> settings;  ///< every option with its effective value
};

/// Reads the command line, then the configuration file that it names (on root, for all), and checks that the
/// options fit together. Throws UsageError on all ranks alike, or AgreedError when root cannot read the file.
/// Collective.
ParsedTrainOptions parse_train_options(std::span<const std::string> arguments,
                                       mpi::Communicator& communicator);

/// Throws UsageError, naming options, when the options do not fit together or `ranks` are too many for the
/// lanes.
void check_train_options(const training::TrainingOptions& options, int ranks);

}  // namespace gemel::cli
