#pragma once

#include <string>

namespace gemel::serving {

/// The value of a column: NAME=VALUE.
struct NamedValue {
  std::string name;
  std::string value;
};

}  // namespace gemel::serving
