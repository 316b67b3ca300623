#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gemel/options.hpp"
#include "options/option.hpp"

namespace gemel::options {

/// The settings that determine the result of a run, as JSON: option name -> value. Kept in checkpoints. How the run is computed (ranks,
/// threads, what is printed) and run_settings are not.
std::string result_settings(const TrainingOptions& options);

/// Where the data is, with absolute paths; how long a run goes on, what it keeps, and what else it was told that a run resumed from it
/// is to know, as JSON like that. Kept in checkpoints, apart from what determines their content.
std::string run_settings(const TrainingOptions& options);

/// The options that settings of a checkpoint stand for. Throws CheckpointError when they are no JSON object; `checkpoint_path` is for
/// the message.
std::vector<SavedOption> saved_options(const std::string& checkpoint_path, const std::string& settings);

/// Result settings and, where given, run settings of a checkpoint, read back: what they do not say is as the defaults, and a name that
/// is no option is one of another version's and passed over. Throws CheckpointError, also for a value that is not allowed.
TrainingOptions saved_training_options(const std::string& checkpoint_path, const std::string& result_settings,
                                       const std::string& run_settings = "{}");

/// The settings that data can settle, as (option name, value as it would be given); of options that then mean nothing, that they are
/// not used.
std::vector<std::pair<std::string, std::string>> data_settings(const TrainingOptions& options);

/// Compares the result settings of a checkpoint with the options of the run that is to go on from it. Settings that shape the model or
/// the order of the examples must agree: throws CheckpointError that names all that do not, their values and the remedy. Returns a
/// warning for each of the others that differs.
std::vector<std::string> compare_settings(const std::string& checkpoint_path, const std::string& saved,
                                          const TrainingOptions& now);

/// Whether a run of these options leaves the same items out of its rankings as that of the checkpoint, so that what they measure can be
/// compared.
bool ranks_alike(const std::string& checkpoint_path, const std::string& saved, const TrainingOptions& now);

}  // namespace gemel::options
