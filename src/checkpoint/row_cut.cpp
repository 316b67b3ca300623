#include "checkpoint/row_cut.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "mpi/pending.hpp"

namespace gemel::checkpoint {

RowCut RowCut::gather(std::size_t rows, std::size_t row_bytes, std::size_t first, std::size_t count,
                      mpi::Communicator& communicator) {
  struct Piece {
    std::size_t rows;
    std::size_t row_bytes;
    std::size_t first;
    std::size_t count;
  };
  const auto pieces = communicator.all_gather(Piece{rows, row_bytes, first, count});
  std::vector<std::size_t> begins = {0};
  for (const Piece& piece : pieces) {
    base::require(piece.rows == pieces[0].rows && piece.row_bytes == pieces[0].row_bytes,
                  "checkpoint: the ranks' pieces are not of the same dataset");
    base::require(piece.first == begins.back(), "checkpoint: the ranks' rows do not follow each other");
    begins.push_back(piece.first + piece.count);
  }
  base::require(begins.back() == rows, "checkpoint: the ranks' rows do not make up the dataset");
  return RowCut(std::move(begins));
}

RowCut::RowCut(std::vector<std::size_t> begins) : begins_(std::move(begins)) {
  base::require(begins_.size() >= 2 && begins_.front() == 0 && std::is_sorted(begins_.begin(), begins_.end()),
                "checkpoint: rows are cut in rank order");
}

std::size_t RowCut::head_rows(int rank, const ChecksumBlocks& blocks) const {
  const std::size_t own_blocks = blocks.beginning_in(begin(rank), end(rank)).first_row;
  return std::min(own_blocks, end(rank)) - begin(rank);
}

bool RowCut::cuts_blocks(const ChecksumBlocks& blocks) const {
  for (int rank = 0; rank < ranks(); ++rank) {
    if (head_rows(rank, blocks) > 0) return true;
  }
  return false;
}

int RowCut::owner_of(std::size_t row) const {
  const auto next = std::upper_bound(begins_.begin(), begins_.end(), row);
  return static_cast<int>(next - begins_.begin()) - 1;
}

std::vector<std::byte> RowCut::send_heads(const ChecksumBlocks& blocks, std::size_t row_bytes,
                                          std::span<const std::byte> head,
                                          mpi::Communicator& communicator) const {
  std::vector<std::size_t> send_counts(begins_.size() - 1);
  std::vector<std::size_t> receive_counts(begins_.size() - 1);
  std::size_t incoming = 0;
  for (int rank = 0; rank < ranks(); ++rank) {
    const std::size_t bytes = head_rows(rank, blocks) * row_bytes;
    if (bytes == 0) continue;
    const int owner = owner_of(blocks.covering(begin(rank), 1).first_row);
    if (rank == communicator.rank()) send_counts[static_cast<std::size_t>(owner)] = bytes;
    if (owner != communicator.rank()) continue;
    receive_counts[static_cast<std::size_t>(rank)] = bytes;
    incoming += bytes;
  }
  std::vector<std::byte> missing(incoming);
  mpi::Pending pending;
  communicator.start_all_to_all(head, std::span<const std::size_t>(send_counts), std::span(missing),
                                std::span<const std::size_t>(receive_counts), pending);
  pending.wait();
  return missing;
}

}  // namespace gemel::checkpoint
