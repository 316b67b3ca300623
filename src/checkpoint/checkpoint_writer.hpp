#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "checkpoint/background_write.hpp"
#include "checkpoint/checkpoint_format.hpp"
#include "checkpoint/checksum_blocks.hpp"
#include "checkpoint/container_header.hpp"
#include "checkpoint/joint_file.hpp"
#include "checkpoint/own_blocks.hpp"
#include "checkpoint/snapshot_memory.hpp"
#include "hdf5/layout.hpp"
#include "mpi/communicator.hpp"
#include "tensor/matrix_view.hpp"

namespace gemel::checkpoint {

/// Writes one checkpoint file under a temporary name; commit() gives it its own. Or takes a snapshot of what is to be written, and a
/// BackgroundWrite does the rest.
///
/// Root lays the file out, in memory; every rank writes the rows that it has at their places, on its own; root writes the rest and
/// commits. No rank waits for another inside of a file call.
///
/// Everything is collective and called alike on every rank, with the same content (but for the own rows of
/// write_rows). What fails on any rank (a full disk) is thrown by all of
/// them as mpi::AgreedError with the exit code of the kind; the temporary file is gone then, the writer cannot be
/// used any more, and earlier checkpoints are untouched. A writer that is destroyed before commit() leaves no
/// file.
class CheckpointWriter {
 public:
  /// `path` is the final name; its directory must exist. `replace`: what has the name already is replaced by commit(). The communicator must outlive the writer.
  CheckpointWriter(std::filesystem::path path, mpi::Communicator& communicator,
                   const FileKind& kind = checkpoint_file(), bool replace = false);
  /// Writes nothing, and keeps all in `memory`, which must not be used otherwise until the BackgroundWrite is done.
  CheckpointWriter(std::filesystem::path path, mpi::Communicator& communicator, SnapshotMemory& memory,
                   const FileKind& kind = checkpoint_file());
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  const mpi::Communicator& communicator() const { return *communicator_; }

  /// Attaches an attribute to the group or dataset at `object_path` ("/" is the file itself). A dataset must
  /// have been written before; a group is created if need be. What is wrong with it is told by what comes next.
  void attribute(const std::string& object_path, const std::string& name, std::int64_t value);
  void attribute(const std::string& object_path, const std::string& name, std::uint64_t value);
  void attribute(const std::string& object_path, const std::string& name, double value);
  void attribute(const std::string& object_path, const std::string& name, const std::string& value);
  void attribute(const std::string& object_path, const std::string& name, const char* value);

  /// Writes a dataset [rows, cols] or [rows] at the absolute `path`, creating the groups above it. Every rank
  /// has all of it.
  void write(const std::string& path, tensor::ConstMatrixView whole);
  void write(const std::string& path, std::span<const float> whole);
  void write(const std::string& path, std::span<const double> whole);
  void write(const std::string& path, std::span<const std::int64_t> whole);
  void write(const std::string& path, std::span<const std::uint64_t> whole);
  /// UTF-8 strings, without zero bytes, stored as long_texts.hpp says.
  void write(const std::string& path, std::span<const std::string> whole);

  /// Writes the same dataset of `rows` rows when this rank has [first, first + rows of `own`) of them. The
  /// ranks' pieces, in rank order, follow each other without gap or overlap from row 0 to `rows`; any may be
  /// empty (a matrix [0, cols] then, with the same cols as elsewhere). Beyond `own` it takes memory for less
  /// than two blocks, and for strings that of the blocks written at once; a snapshot takes that of `own`.
  void write_rows(const std::string& path, std::size_t rows, std::size_t first, tensor::ConstMatrixView own);
  void write_rows(const std::string& path, std::size_t rows, std::size_t first, std::span<const float> own);
  void write_rows(const std::string& path, std::size_t rows, std::size_t first, std::span<const double> own);
  void write_rows(const std::string& path, std::size_t rows, std::size_t first,
                  std::span<const std::uint8_t> own);
  void write_rows(const std::string& path, std::size_t rows, std::size_t first,
                  std::span<const std::int32_t> own);
  void write_rows(const std::string& path, std::size_t rows, std::size_t first,
                  std::span<const std::int64_t> own);
  void write_rows(const std::string& path, std::size_t rows, std::size_t first,
                  std::span<const std::uint64_t> own);
  void write_rows(const std::string& path, std::size_t rows, std::size_t first,
                  std::span<const std::string> own);

  /// Marks the file complete, waits until the storage has it, and gives it its final name, which must not
  /// exist yet unless it is to be replaced. Returns the size of the file in bytes.
  std::uint64_t commit();

  /// Of a snapshot: marks it complete, and hands it over to be written.
  std::unique_ptr<BackgroundWrite> start();

 private:
  /// The bytes of rows [first, first + count) of what this rank has, counted from its own first row; valid
  /// until the next call.
  using BytesOfRows = std::function<std::span<const std::byte>(std::size_t first, std::size_t count)>;
  /// What this rank has of a dataset: rows [first, first + count).
  struct Piece {
    std::size_t first = 0;
    std::size_t count = 0;
    BytesOfRows bytes;
  };
  /// Adds a dataset to the layout.
  using Add = std::function<hdf5::StoredDataset(hdf5::Layout& layout)>;

  CheckpointWriter(std::filesystem::path path, mpi::Communicator& communicator, SnapshotMemory* memory,
                   const FileKind& kind, bool replace);

  void attach(const std::string& object_path, const std::string& name, const hdf5::AttributeValue& value);
  template <class T>
  void write_whole(const std::string& path, std::span<const T> whole, const hdf5::Shape& shape);
  template <class T>
  void write_numbers(const std::string& path, const hdf5::Shape& shape, std::size_t first, std::size_t count,
                     std::span<const T> own);
  /// Rows of `length` bytes, none of which is longer.
  void write_texts(const std::string& path, std::size_t rows, std::size_t first,
                   std::span<const std::string> own, std::size_t length);
  /// Writes a dataset that `add` lays out, of `rows` rows of `row_bytes`.
  void write_piece(const std::string& path, std::size_t rows, std::size_t row_bytes, const Piece& piece,
                   const Add& add);
  /// Where root has laid out a dataset and its checksums.
  PlacedDataset lay_out(const std::string& path, std::size_t blocks, const Add& add);
  /// Writes the blocks that begin in this rank's piece, or keeps them; `missing` is what the last one
  /// lacks. Every rank is on its own here.
  void take_blocks(const PlacedDataset& place, const ChecksumBlocks& blocks, std::size_t row_bytes,
                   const Piece& piece, std::span<const std::byte> missing);
  /// Marks the file complete. What is left to write is root's.
  Ending end();
  /// Runs `action`, lets the ranks agree on its outcome, and gives the file up if it failed.
  void together(const std::function<void()>& action);

  FileKind kind_;
  mpi::Communicator* communicator_;
  SnapshotMemory* memory_;  // null where rows are written at once
  std::unique_ptr<JointFile> file_;
  std::optional<hdf5::Layout> layout_;  // on root
  std::exception_ptr failed_attribute_;
  std::vector<OwnBlocks> kept_;
  std::vector<PlacedSum> sums_;
  bool finished_ = false;  // committed or given up
};

}  // namespace gemel::checkpoint
