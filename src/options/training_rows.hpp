#pragma once

#include <vector>

#include "gemel/options.hpp"
#include "options/option.hpp"

namespace gemel::options {

/// One row for each option of the training, bound to the fields of `options`, which must outlive them. In the order of the help.
std::vector<Option> training_rows(TrainingOptions& options);

}  // namespace gemel::options
