#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "checkpoint/checksum_blocks.hpp"
#include "checkpoint/durable_file.hpp"
#include "hdf5/layout.hpp"

namespace gemel::checkpoint {

/// A checksum, and where it belongs in the file.
struct PlacedSum {
  std::uint64_t offset = 0;
  std::uint64_t value = 0;
};

/// Where the values of a dataset and their checksums belong in the file.
struct PlacedDataset {
  std::uint64_t values = 0;
  std::uint64_t checksums = 0;
};

/// Blocks of a dataset, whole, that this rank writes.
struct OwnBlocks {
  PlacedDataset place;
  ChecksumBlocks blocks;
  BlockRange range;
  std::size_t row_bytes = 0;
  std::span<const std::byte> bytes;  ///< of the rows of `range`

  /// Writes the values, and adds the checksums, which root writes, to `sums`. Throws FileCallError.
  void write(OpenFile& file, std::vector<PlacedSum>& sums) const;
};

/// All of a file that is not values: its structure, with checksums of every block, its table of contents and its header, ascending.
struct Ending {
  std::uint64_t file_bytes = 0;
  std::vector<hdf5::Extent> extents;
};

/// Of a file that `layout` has laid out with room for a header; the checksums are still zeros.
Ending ending_of(hdf5::Layout& layout);

/// Puts the checksums of all ranks in their places, and the digests, which depend on them, in theirs.
void complete(Ending& ending, std::span<const PlacedSum> sums);

}  // namespace gemel::checkpoint
