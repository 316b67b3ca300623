#include "checkpoint/snapshot_memory.hpp"

#include "base/pages.hpp"

namespace gemel::checkpoint {

std::span<std::byte> SnapshotMemory::take(std::size_t bytes) {
  if (used_ == pieces_.size()) pieces_.emplace_back();
  Piece& piece = pieces_[used_++];
  if (piece.bytes < bytes) {
    piece = {std::make_unique_for_overwrite<std::byte[]>(bytes), bytes};
    base::prefer_huge_pages(piece.memory.get(), bytes);
  }
  return {piece.memory.get(), bytes};
}

}  // namespace gemel::checkpoint
