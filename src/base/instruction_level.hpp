#pragma once

#include <string_view>

namespace gemel::base {

/// The level of x86-64 for which this processor runs functions marked GEMEL_VECTORIZE: "x86-64-v4", "x86-64-v3" or "x86-64". On other
/// processors, and where the functions are compiled once, "the compiler's".
std::string_view instruction_level();

}  // namespace gemel::base
