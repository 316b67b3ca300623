#pragma once

#include "gemel/cli/option_table.hpp"
#include "gemel/training/options.hpp"

namespace gemel::cli {

/// Throws UsageError, naming the option and a remedy, when one was given that means nothing beside the others. `table` is bound to
/// `options`.
void check_given_options(const training::TrainingOptions& options, const OptionTable& table);

/// Throws UsageError, naming options, when the options do not fit together.
void check_train_options(const training::TrainingOptions& options);

/// Throws UsageError when the ranks that are to work are too many for the lanes.
void check_ranks(const training::TrainingOptions& options, int ranks);

}  // namespace gemel::cli
