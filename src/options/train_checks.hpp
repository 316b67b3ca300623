#pragma once

#include "gemel/options.hpp"
#include "options/option_table.hpp"

namespace gemel::options {

/// Throws UsageError, naming the option and a remedy, when one was given that means nothing beside the others. `table` is bound to
/// `options`.
void check_given_options(const TrainingOptions& options, const OptionTable& table);

/// Throws UsageError, naming options, when the options do not fit together.
void check_train_options(const TrainingOptions& options);

/// Throws UsageError when the ranks that are to work are too many for the lanes.
void check_ranks(const TrainingOptions& options, int ranks);

}  // namespace gemel::options
