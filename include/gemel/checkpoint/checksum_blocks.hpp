#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gemel::checkpoint {

/// Some of a dataset's rows, and of its blocks, in order.
struct BlockRange {
  std::size_t first_block = 0;
  std::size_t blocks = 0;
  std::size_t first_row = 0;
  std::size_t rows = 0;
};

/// How a dataset is cut into blocks of whole rows, each with a checksum of its own. A block has about 1 MiB;
/// how many rows that is depends on the bytes of a row alone, never on the number of ranks.
class ChecksumBlocks {
 public:
  ChecksumBlocks(std::size_t rows, std::size_t row_bytes);

  std::size_t count() const { return count_; }
  /// Blocks [first, first + blocks).
  BlockRange range(std::size_t first, std::size_t blocks) const;
  /// The blocks that `rank` of `size` ranks writes and reads: about as many each, in rank order.
  BlockRange share(int rank, int size) const;

  /// XXH3-64 of each block of `range`, whose rows lie packed in `bytes`.
  std::vector<std::uint64_t> checksums(const BlockRange& range, std::span<const std::byte> bytes) const;

 private:
  std::size_t rows_;
  std::size_t row_bytes_;
  std::size_t rows_per_block_;
  std::size_t count_;
};

/// Where the checksums of a dataset are: "/checksums/<path>".
inline const std::string checksum_root = "/checksums";
inline std::string checksum_path(const std::string& dataset_path) {
  return checksum_root + dataset_path;
}

}  // namespace gemel::checkpoint
