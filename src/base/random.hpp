#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gemel::base {

/// Counter-based random numbers (Philox 4x32-10, Salmon et al., SC'11): every number is a pure function of a key and a
/// counter, so any rank can compute any element of any sequence, in any order, without state.

/// The key of the sequence that belongs to `name` under `seed`: XXH3-64 of the name, seeded.
std::uint64_t random_key(std::uint64_t seed, std::string_view name);

/// 64 random bits: element `counter` of the sequence `key`.
std::uint64_t random_bits(std::uint64_t key, std::uint64_t counter);

/// Element `counter` of the sequence `key`, uniform in [0, 1) on a grid of 2^-24.
float random_float(std::uint64_t key, std::uint64_t counter);

/// Element `counter` of the sequence `key`, uniform in [0, 1) on a grid of 2^-53.
double random_double(std::uint64_t key, std::uint64_t counter);

/// 128 random bits of each of the elements `first`, `first` + 1, ... of the sequence `key`: words [4 * elements].
void random_words(std::uint64_t key, std::uint64_t first, std::span<std::uint32_t> words);

/// A pseudo-random permutation of [0, size) that needs no memory: a six-round Feistel network over Z_a x Z_b with
/// a*b >= size and Philox as its round function, walked along its cycle until it lands below `size` (Black and Rogaway,
/// CT-RSA 2002). The same key and size give the same permutation everywhere.
class KeyedPermutation {
 public:
  /// `size` up to 2^62.
  KeyedPermutation(std::uint64_t key, std::uint64_t size);

  /// Where `index` (< size) goes.
  std::uint64_t operator()(std::uint64_t index) const;

  /// Replaces every index by where it goes, eight times as fast as one by one.
  void apply(std::span<std::uint64_t> indices) const;

  /// The index (< size) that goes to `place` (< size).
  std::uint64_t inverse(std::uint64_t place) const;

  std::uint64_t size() const { return size_; }

 private:
  std::uint64_t encrypt(std::uint64_t index) const;
  std::uint64_t decrypt(std::uint64_t index) const;

  std::uint64_t key_;
  std::uint64_t size_;
  std::uint64_t left_;   // a: size of the left half's domain
  std::uint64_t right_;  // b: size of the right half's domain
};

}  // namespace gemel::base
