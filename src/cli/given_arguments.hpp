#pragma once

#include <string>
#include <vector>

#include "options/option_table.hpp"

namespace gemel::cli {

/// Those of `rows` that are given, as they would be typed in a shell again: " --data data/ml-100k".
std::string given_arguments(const std::vector<options::Option>& rows, const options::OptionTable& table);

}  // namespace gemel::cli
