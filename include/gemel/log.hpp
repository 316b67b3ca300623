#pragma once

#include <string_view>

#include "gemel/export.hpp"

namespace gemel {

/// How much gemel writes to standard error, on rank 0: messages of this level and above, of "debug", "info", "warning", "error". Without
/// a call it is "warning". Throws UsageError for another name. Collective when it is the first call of the library.
GEMEL_API void set_log_level(std::string_view level);

}  // namespace gemel
