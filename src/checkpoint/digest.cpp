#include "checkpoint/digest.hpp"

#define XXH_STATIC_LINKING_ONLY  // the size of its state
#include <xxhash.h>

namespace gemel::checkpoint {

struct RunningDigest::State {
  XXH3_state_t hash;
};

Digest digest_of(std::span<const std::byte> bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

RunningDigest::RunningDigest() : state_(std::make_unique<State>()) {
  XXH3_128bits_reset(&state_->hash);
}

RunningDigest::~RunningDigest() = default;

void RunningDigest::add(std::span<const std::byte> bytes) {
  XXH3_128bits_update(&state_->hash, bytes.data(), bytes.size());
}

Digest RunningDigest::value() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(&state_->hash);
  return {hash.high64, hash.low64};
}

}  // namespace gemel::checkpoint
