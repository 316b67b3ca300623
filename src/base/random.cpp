#include "base/random.hpp"

#include <Random123/philox.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "base/error.hpp"
#include "base/vectorize.hpp"

namespace gemel::base {
namespace {

constexpr int feistel_rounds = 6;

/// 128 random bits.
[[gnu::always_inline]] inline r123::Philox4x32::ctr_type philox(std::uint64_t key, std::uint64_t counter,
                                                                std::uint32_t stream) {
  const r123::Philox4x32::ctr_type block = {
      {static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32), stream, 0}};
  const r123::Philox4x32::key_type words = {
      {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)}};
  return r123::Philox4x32()(block, words);
}

[[gnu::always_inline]] inline std::uint64_t philox_2x64_words(std::uint64_t key, std::uint64_t counter,
                                                              std::uint32_t stream) {
  const auto random = philox(key, counter, stream);
  return static_cast<std::uint64_t>(random[1]) << 32 | random[0];
}

/// Maps 64 random bits to [0, bound), bound < 2^32 (Lemire's multiply-shift; its bias of bound / 2^64 is immaterial
/// to a shuffle). In halves, which vectorise.
[[gnu::always_inline]] inline std::uint64_t scale(std::uint64_t random, std::uint64_t bound) {
  return ((random >> 32) * bound + (((random & 0xffffffffU) * bound) >> 32)) >> 32;
}

/// One round of the Feistel network: `half`, below `bound`, turned by a random number that the other half names.
[[gnu::always_inline]] inline std::uint64_t turned(std::uint64_t half, std::uint64_t bound, std::uint64_t key,
                                                   std::uint64_t other, std::uint32_t round) {
  const std::uint64_t sum = half + scale(philox_2x64_words(key, other, round), bound);
  return sum >= bound ? sum - bound : sum;
}

/// The same round for many indices.
GEMEL_VECTORIZE
void turn(std::span<std::uint64_t> halves, std::uint64_t bound, std::uint64_t key,
          std::span<const std::uint64_t> others, std::uint32_t round) {
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = turned(halves[i], bound, key, others[i], round);
}

}  // namespace

std::uint64_t random_key(std::uint64_t seed, std::string_view name) {
  return XXH3_64bits_withSeed(name.data(), name.size(), seed);
}

std::uint64_t random_bits(std::uint64_t key, std::uint64_t counter) {
  return philox_2x64_words(key, counter, 0);
}

float random_float(std::uint64_t key, std::uint64_t counter) {
  return static_cast<float>(random_bits(key, counter) >> 40) * 0x1p-24F;
}

double random_double(std::uint64_t key, std::uint64_t counter) {
  return static_cast<double>(random_bits(key, counter) >> 11) * 0x1p-53;
}

GEMEL_VECTORIZE
void random_words(std::uint64_t key, std::uint64_t first, std::span<std::uint32_t> words) {
  for (std::size_t i = 0; i < words.size() / 4; ++i) {
    const auto random = philox(key, first + i, 0);
    for (std::size_t j = 0; j < 4; ++j) words[4 * i + j] = random[j];
  }
}

KeyedPermutation::KeyedPermutation(std::uint64_t key, std::uint64_t size) : key_(key), size_(size) {
  require(size <= std::uint64_t{1} << 62, "KeyedPermutation: size above 2^62");
  left_ = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(size)));
  if (left_ == 0) left_ = 1;
  right_ = (size + left_ - 1) / left_;
  if (right_ == 0) right_ = 1;
}

std::uint64_t KeyedPermutation::encrypt(std::uint64_t index) const {
  std::uint64_t left = index / right_;
  std::uint64_t right = index % right_;
  for (std::uint32_t round = 0; round < feistel_rounds; round += 2) {
    left = turned(left, left_, key_, right, round + 1);
    right = turned(right, right_, key_, left, round + 2);
  }
  return left * right_ + right;
}

std::uint64_t KeyedPermutation::decrypt(std::uint64_t index) const {
  std::uint64_t left = index / right_;
  std::uint64_t right = index % right_;
  for (std::uint32_t round = feistel_rounds; round > 0; round -= 2) {
    right += right_ - scale(philox_2x64_words(key_, left, round), right_);
    if (right >= right_) right -= right_;
    left += left_ - scale(philox_2x64_words(key_, right, round - 1), left_);
    if (left >= left_) left -= left_;
  }
  return left * right_ + right;
}

std::uint64_t KeyedPermutation::operator()(std::uint64_t index) const {
  require(index < size_, "KeyedPermutation: index out of range");
  do {
    index = encrypt(index);
  } while (index >= size_);
  return index;
}

void KeyedPermutation::apply(std::span<std::uint64_t> indices) const {
  constexpr std::size_t block = 512;
  std::uint64_t left[block];
  std::uint64_t right[block];
  for (std::size_t first = 0; first < indices.size(); first += block) {
    const std::span<std::uint64_t> images = indices.subspan(first, std::min(block, indices.size() - first));
    const std::span lefts = std::span(left).first(images.size());
    const std::span rights = std::span(right).first(images.size());
    for (std::size_t i = 0; i < images.size(); ++i) {
      require(images[i] < size_, "KeyedPermutation: index out of range");
      left[i] = images[i] / right_;
      right[i] = images[i] % right_;
    }
    for (std::uint32_t round = 0; round < feistel_rounds; round += 2) {
      turn(lefts, left_, key_, rights, round + 1);
      turn(rights, right_, key_, lefts, round + 2);
    }
    for (std::size_t i = 0; i < images.size(); ++i) {
      images[i] = left[i] * right_ + right[i];
      while (images[i] >= size_) images[i] = encrypt(images[i]);
    }
  }
}

std::uint64_t KeyedPermutation::inverse(std::uint64_t place) const {
  require(place < size_, "KeyedPermutation: place out of range");
  do {
    place = decrypt(place);
  } while (place >= size_);
  return place;
}

}  // namespace gemel::base
