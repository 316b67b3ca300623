#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace gemel::checkpoint {

/// XXH3 with 128 bits.
struct Digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const Digest&, const Digest&) = default;
};
Digest digest_of(std::span<const std::byte> bytes);

/// The digest of bytes that come piece by piece.
class RunningDigest {
 public:
  RunningDigest();
  ~RunningDigest();
  RunningDigest(const RunningDigest&) = delete;
  RunningDigest& operator=(const RunningDigest&) = delete;

  void add(std::span<const std::byte> bytes);
  Digest value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gemel::checkpoint
