#pragma once

#include <string>
#include <string_view>

namespace gemel::serving {

/// What stands before the values of a file in numpy's format, version 1.0. `type` and `shape` are as Python writes them: "'<f4'",
/// "(3, 4)".
std::string npy_head(std::string_view type, std::string_view shape);

}  // namespace gemel::serving
