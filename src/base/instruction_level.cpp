#include "base/instruction_level.hpp"

#include "base/vectorize.hpp"

namespace gemel::base {

std::string_view instruction_level() {
#if defined(GEMEL_ONE_INSTRUCTION_SET) && defined(__AVX512VL__)
  return "x86-64-v4";
#elif defined(GEMEL_ONE_INSTRUCTION_SET) && defined(__AVX2__)
  return "x86-64-v3";
#elif defined(GEMEL_ONE_INSTRUCTION_SET) && defined(__x86_64__)
  return "x86-64";
#elif defined(GEMEL_HAS_LEVELS)
  // What the loader asks, too, when it chooses among the clones of a function.
  if (__builtin_cpu_supports("x86-64-v4")) return "x86-64-v4";
  if (__builtin_cpu_supports("x86-64-v3")) return "x86-64-v3";
  return "x86-64";
#else
  return "the compiler's";
#endif
}

}  // namespace gemel::base
