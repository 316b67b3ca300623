#pragma once

#include <string>

namespace gemel::base {

/// "512 B", "1.5 kB", "20.0 MB": powers of 1000.
std::string bytes_text(double bytes);

}  // namespace gemel::base
