#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
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
  /// The blocks that have one of the rows [first_row, first_row + rows).
  BlockRange covering(std::size_t first_row, std::size_t rows) const;
  /// The blocks whose first row is one of [first_row, end_row). `first_row` of the result is the first row of
  /// the first block that does not begin earlier, or the dataset's end, also when there are none.
  BlockRange beginning_in(std::size_t first_row, std::size_t end_row) const;
  /// The part of `rank` of `size` ranks when whole blocks are dealt out: about as many each, in rank order.
  BlockRange share(int rank, int size) const;

  /// XXH3-64 of each block of `range`, whose rows lie packed in `bytes`.
  std::vector<std::uint64_t> checksums(const BlockRange& range, std::span<const std::byte> bytes) const;

 private:
  std::size_t rows_;
  std::size_t row_bytes_;
  std::size_t rows_per_block_;
  std::size_t count_;
};

}  // namespace gemel::checkpoint
