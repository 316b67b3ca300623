#pragma once

#include <string>

#include "gemel/export.hpp"

namespace gemel {

/// "0.1.0".
GEMEL_API std::string version();

/// The commit that was built, or "unknown".
GEMEL_API std::string commit();

}  // namespace gemel
