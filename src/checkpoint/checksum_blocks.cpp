#include "checkpoint/checksum_blocks.hpp"

#include <xxhash.h>

#include <algorithm>

#include "base/even_cuts.hpp"

namespace gemel::checkpoint {
namespace {

// Part of the file format: another value needs another format version.
constexpr std::size_t block_bytes = std::size_t{1} << 20;

}  // namespace

ChecksumBlocks::ChecksumBlocks(std::size_t rows, std::size_t row_bytes)
    : rows_(rows),
      row_bytes_(row_bytes),
      rows_per_block_(std::max<std::size_t>(block_bytes / std::max<std::size_t>(row_bytes, 1), 1)),
      count_((rows + rows_per_block_ - 1) / rows_per_block_) {}

BlockRange ChecksumBlocks::range(std::size_t first, std::size_t blocks) const {
  const std::size_t first_row = std::min(first * rows_per_block_, rows_);
  const std::size_t end_row = std::min((first + blocks) * rows_per_block_, rows_);
  return {first, blocks, first_row, end_row - first_row};
}

BlockRange ChecksumBlocks::covering(std::size_t first_row, std::size_t rows) const {
  const std::size_t first = first_row / rows_per_block_;
  return range(first, rows == 0 ? 0 : (first_row + rows - 1) / rows_per_block_ + 1 - first);
}

BlockRange ChecksumBlocks::beginning_in(std::size_t first_row, std::size_t end_row) const {
  const auto first_not_before = [&](std::size_t row) {
    return (row + rows_per_block_ - 1) / rows_per_block_;
  };
  const std::size_t first = first_not_before(first_row);
  return range(first, first_not_before(end_row) - first);
}

BlockRange ChecksumBlocks::share(int rank, int size) const {
  const base::EvenCuts cuts(static_cast<std::int64_t>(count_), size);
  const auto first = static_cast<std::size_t>(cuts.start(rank));
  return range(first, static_cast<std::size_t>(cuts.start(rank + 1)) - first);
}

std::vector<std::uint64_t> ChecksumBlocks::checksums(const BlockRange& range,
                                                     std::span<const std::byte> bytes) const {
  std::vector<std::uint64_t> sums;
  for (std::size_t first = 0; first < range.rows; first += rows_per_block_) {
    const std::size_t rows = std::min(rows_per_block_, range.rows - first);
    const auto block = bytes.subspan(first * row_bytes_, rows * row_bytes_);
    sums.push_back(XXH3_64bits(block.data(), block.size()));
  }
  return sums;
}

}  // namespace gemel::checkpoint
