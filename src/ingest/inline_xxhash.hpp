#pragma once

// XXH3 as inline functions, for what is hashed an interaction at a time.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace gemel::ingest {

/// XXH3-64 of some words.
template <std::size_t n>
std::uint64_t hash_words(const std::array<std::uint64_t, n>& words, std::uint64_t seed = 0) {
  return XXH3_64bits_withSeed(words.data(), sizeof(words), seed);
}

}  // namespace gemel::ingest
