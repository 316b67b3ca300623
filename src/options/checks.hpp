#pragma once

#include "gemel/options.hpp"
#include "options/option_table.hpp"

namespace gemel::options {

/// Throws UsageError, naming the option and a remedy, when one was given that means nothing beside the others. `table` knows what was
/// given of `options`. gemel::check(), which goes by values alone, finds the rest.
void check_given(const TrainingOptions& options, const OptionTable& table);

/// Throws UsageError when the ranks that are to work are too many for the lanes.
void check_ranks(const TrainingOptions& options, int ranks);

}  // namespace gemel::options
