#pragma once

#include <string>

#include "cli/spare_ranks.hpp"
#include "options/option.hpp"

namespace gemel::cli {

// Rows that several commands have.

/// `more`: sentences on what else the command does with them.
options::Option spare_ranks_row(SpareRanks& field, const std::string& more = "");
options::Option log_level_row(std::string& field);
/// A file of options, which those of the command line override.
options::Option config_row(std::string& field);

}  // namespace gemel::cli
