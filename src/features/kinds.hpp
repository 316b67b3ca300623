#pragma once

#include <span>
#include <string>

#include "features/kind.hpp"

namespace gemel::features {

/// Every kind that there is, in the order in which help and messages list them.
std::span<const KindSyntax> kinds();

/// What --help says of them: "KIND is lookup (...), hash(N) (...) or ...".
std::string kinds_help();

}  // namespace gemel::features
