#pragma once

#include <string_view>

#include "gemel/export.hpp"

namespace gemel {

/// How much gemel writes to standard error: messages of this level and above, of "debug", "info", "warning", "error"; ranks other than 0
/// of a job, errors alone. Without a call it is "warning". Throws UsageError for another name. Call it while no other thread is in the
/// library.
GEMEL_API void set_log_level(std::string_view level);

}  // namespace gemel
