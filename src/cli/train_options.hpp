#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/named_data.hpp"
#include "cli/train_rows.hpp"
#include "mpi/communicator.hpp"
#include "options/option_table.hpp"
#include "run/earlier_checkpoint.hpp"

namespace gemel::cli {

/// The table of the options of `train`, bound to the fields of `options`, which must outlive it.
options::OptionTable train_option_table(TrainCommandOptions& options);

/// Settles how data is split, once all sources are read: files for its parts say it.
void settle_split(DataOptions& data, const options::OptionTable& table);

/// Settles what follows from other options once all sources are read. Throws UsageError for what was given in vain.
void settle_options(TrainCommandOptions& options, const options::OptionTable& table);

struct ParsedTrainOptions {
  TrainCommandOptions options;
  std::vector<std::pair<std::string, std::string>> settings;  ///< every option with its effective value
  std::vector<NamedPath> data;
  std::unique_ptr<run::EarlierCheckpoint> earlier;  ///< that options were read of; or null
};

/// Reads the command line, then the configuration file that it names (on root, for all), then the checkpoint to resume from, and
/// checks that the options fit together. From when --log-level is known, the log is set up. Throws UsageError on all ranks alike, or
/// AgreedError when a file cannot be read. Collective.
ParsedTrainOptions parse_train_options(std::span<const std::string> arguments,
                                       mpi::Communicator& communicator);

}  // namespace gemel::cli
