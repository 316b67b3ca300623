#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "checkpoint/checksum_blocks.hpp"
#include "mpi/communicator.hpp"

namespace gemel::checkpoint {

/// How the rows of a dataset are cut into one piece for every rank, in rank order; a piece may be empty.
///
/// A checksum block belongs to the rank that has its first row. What a rank has before the first block that
/// begins in its piece is its head: less than a block, and all of it belongs to one block of one earlier
/// rank.
class RowCut {
 public:
  /// Every rank says that it has rows [first, first + count) of `rows` rows of `row_bytes`. Throws
  /// InternalError on every rank if these do not follow each other from 0 to `rows`, or are not of the same
  /// shape. Collective.
  static RowCut gather(std::size_t rows, std::size_t row_bytes, std::size_t first, std::size_t count,
                       mpi::Communicator& communicator);
  /// begins[r] is the first row of rank r's piece, which ends where the next one begins; the last is the
  /// number of rows.
  explicit RowCut(std::vector<std::size_t> begins);

  std::size_t begin(int rank) const { return begins_[static_cast<std::size_t>(rank)]; }
  std::size_t end(int rank) const { return begins_[static_cast<std::size_t>(rank) + 1]; }
  std::size_t head_rows(int rank, const ChecksumBlocks& blocks) const;
  /// Whether some rank has a head.
  bool cuts_blocks(const ChecksumBlocks& blocks) const;
  /// The rank that has this row.
  int owner_of(std::size_t row) const;

  /// Sends this rank's head to the rank to which it belongs, and returns what this rank lacks of the last
  /// block that begins in its piece: less than a block. Collective.
  std::vector<std::byte> send_heads(const ChecksumBlocks& blocks, std::size_t row_bytes,
                                    std::span<const std::byte> head, mpi::Communicator& communicator) const;

 private:
  int ranks() const { return static_cast<int>(begins_.size()) - 1; }

  std::vector<std::size_t> begins_;
};

}  // namespace gemel::checkpoint
