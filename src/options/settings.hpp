#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gemel/options.hpp"

namespace gemel::options {

/// The settings that determine the result of a run, as JSON: option name -> value. Kept in checkpoints. How the run is computed (ranks, threads, what is printed) and run_settings are not.
std::string result_settings(const TrainingOptions& options);

/// Where the data is, with absolute paths; how long a run goes on, what it keeps, and what else it was told that a run resumed from it
/// is to know, as JSON like that. Kept in checkpoints, apart from what determines their content.
std::string run_settings(const TrainingOptions& options);

/// An option as it would be given again: once for each of its values.
struct SavedOption {
  std::string name;
  std::vector<std::string> values;
};

/// The options that settings of a checkpoint stand for. Throws CheckpointError when they are no JSON object; `checkpoint_path` is for
/// the message.
std::vector<SavedOption> saved_options(const std::string& checkpoint_path, const std::string& settings);

/// The settings that data can settle, as (option name, value as it would be given): the features, with the widths that are not
/// --embedding-dim, and the split. Of other splits'
/// options it says that they are not used.
std::vector<std::pair<std::string, std::string>> data_settings(const TrainingOptions& options);

/// Compares the settings of a run with those of the checkpoint that it is to go on from. Settings that shape the model or the order
/// of the examples must agree: throws CheckpointError that names all that do not, their values and the remedy. Returns a warning for each
/// of the others that differs.
std::vector<std::string> compare_settings(const std::string& checkpoint_path, const std::string& saved,
                                          const std::string& current);

/// Whether runs of both settings leave the same items out of their rankings, so that what they measure can be compared.
bool ranks_alike(const std::string& saved, const std::string& current);

}  // namespace gemel::options
