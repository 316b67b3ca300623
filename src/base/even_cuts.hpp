#pragma once

#include <cstdint>

namespace gemel::base {

/// How `size` things are cut into `parts` runs, in order and as even as can be: no two differ by more than one. Some are empty when
/// there are more parts than things. Whatever is dealt evenly is cut here: lanes to ranks, examples and columns to lanes, rows to
/// owners, bytes of a file to readers. Checkpoints and the bits of results rest on where the cuts are.
class EvenCuts {
 public:
  constexpr EvenCuts(std::int64_t size, int parts) : size_(size), parts_(parts) {}

  constexpr std::int64_t size() const { return size_; }
  constexpr int parts() const { return parts_; }

  /// Where part `part` begins: floor(size * part / parts), whose product might not fit. It ends where the next one begins; part
  /// parts() begins at size().
  constexpr std::int64_t start(int part) const {
    return size_ / parts_ * part + size_ % parts_ * part / parts_;
  }
  /// The part that the thing `index` is in. Needs size() * parts() < 2^63.
  constexpr int part_of(std::int64_t index) const {
    return static_cast<int>(((index + 1) * parts_ - 1) / size_);
  }

 private:
  std::int64_t size_;
  int parts_;
};

}  // namespace gemel::base
