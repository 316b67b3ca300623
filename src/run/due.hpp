#pragma once

#include <cstdint>

namespace gemel::run {

/// Whether what is done after every `every` (0: never) is to be done after `count`.
inline bool is_due(std::int64_t every, std::int64_t count) {
  return every > 0 && count % every == 0;
}

}  // namespace gemel::run
