#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace gemel::checkpoint {

/// Memory that one snapshot after the other is kept in: taking it anew from the system each time costs more than the copy.
class SnapshotMemory {
 public:
  /// Begins anew: all that was taken before is free to be taken again.
  void reset() { used_ = 0; }
  /// So many bytes, which hold anything, until the next reset().
  std::span<std::byte> take(std::size_t bytes);

 private:
  struct Piece {
    std::unique_ptr<std::byte[]> memory;
    std::size_t bytes = 0;
  };

  std::vector<Piece> pieces_;
  std::size_t used_ = 0;
};

}  // namespace gemel::checkpoint
