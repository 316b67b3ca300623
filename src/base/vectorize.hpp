#pragma once

/// Compiles a function once for each level of x86-64 and lets the loader choose the best that the processor has, so that one
/// binary runs everywhere and is fast where it can be. The levels round differently (fused multiply-add), so the bits of a
/// result depend on the instruction set; never on the number of ranks or threads.
///
/// For src/tensor/, whose compiler options are for such loops, and for random numbers, which are needed below it.
///
/// With GEMEL_ONE_INSTRUCTION_SET it is compiled for the one that the compiler was given: so tests have each level.
#if defined(GEMEL_ONE_INSTRUCTION_SET)
#define GEMEL_VECTORIZE __attribute__((noinline))
#elif defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define GEMEL_HAS_LEVELS
#define GEMEL_VECTORIZE \
  __attribute__((noinline, target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define GEMEL_VECTORIZE
#endif
