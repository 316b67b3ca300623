#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/error.hpp"
#include "checkpoint/checkpoint_format.hpp"
#include "checkpoint/checksum_blocks.hpp"
#include "checkpoint/durable_file.hpp"
#include "hdf5/attribute.hpp"
#include "hdf5/dataset.hpp"
#include "hdf5/file.hpp"
#include "mpi/communicator.hpp"
#include "tensor/matrix_view.hpp"

namespace gemel::checkpoint {

/// Writes one checkpoint file under a temporary name; commit() gives it its own.
///
/// Everything is collective and called alike on every rank, with the same content (but for the own rows of
/// write_rows): each rank stores its share of it. What fails on any rank (a full disk) is thrown by all of
/// them as mpi::AgreedError with the exit code of the kind; the temporary file is gone then, the writer cannot be
/// used any more, and earlier checkpoints are untouched. A writer that is destroyed before commit() leaves no
/// file. Only when HDF5 itself fails to write a file of several ranks (a broken disk) does the failing rank
/// say so and end the job, with the same exit code.
class CheckpointWriter {
 public:
  /// `path` is the final name; its directory must exist. `replace`: what has the name already is replaced by commit(). The communicator must outlive the writer.
  CheckpointWriter(std::filesystem::path path, mpi::Communicator& communicator,
                   const FileKind& kind = checkpoint_file(), bool replace = false);
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  const mpi::Communicator& communicator() const { return *communicator_; }

  /// Attaches an attribute to the group or dataset at `object_path` ("/" is the file itself). A dataset must
  /// have been written before; a group is created if need be.
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
  /// than two blocks, and for strings that of the blocks written at once.
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
  /// exist yet unless it is to be replaced.
  void commit();

  /// What the file may grow to with all that has been written so far: so many bytes have been set aside for
  /// it.
  std::uint64_t reserved_bytes() const { return reserved_; }

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

  void create_temporary();
  /// Sees to it that the file can grow by so many bytes more.
  void reserve(std::uint64_t bytes);
  template <class T>
  void write_attribute(const std::string& object_path, const std::string& name, const T& value,
                       std::size_t bytes);
  template <class T>
  void write_whole(const std::string& path, std::span<const T> whole, const hdf5::Shape& shape);
  template <class T>
  void write_numbers(const std::string& path, const hdf5::Shape& shape, std::size_t first, std::size_t count,
                     std::span<const T> own);
  /// Rows of `length` bytes, none of which is longer.
  void write_texts(const std::string& path, std::size_t rows, std::size_t first,
                   std::span<const std::string> own, std::size_t length);
  /// Writes a dataset that `create` makes, of `rows` rows of `row_bytes`.
  void write_piece(const std::string& path, std::size_t rows, std::size_t row_bytes, const Piece& piece,
                   const std::function<hdf5::Dataset()>& create);
  /// Writes the blocks that begin in this rank's piece, and their checksums; `missing` is what the last one
  /// lacks. Every rank is on its own here.
  void write_blocks(const ChecksumBlocks& blocks, const Piece& piece, std::span<const std::byte> missing,
                    hdf5::Dataset& dataset, hdf5::Dataset& checksums);
  /// Runs `action`, lets the ranks agree on its outcome, and gives the file up if it failed.
  void together(const std::function<void()>& action);
  /// Runs `action`, in which HDF5 writes to the file. An error there (a broken disk; a full one is found
  /// before) is one that the ranks cannot come back from together: a parallel file can be neither used nor
  /// closed after it without some of them waiting inside of HDF5 for ever. The rank says why, removes the
  /// temporary file and ends the job.
  void or_end_job(const std::function<void()>& action);
  void abandon();
  void remove_temporary();
  std::string explain(const base::Error& error) const;

  FileKind kind_;
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  bool replace_;
  mpi::Communicator* communicator_;
  OpenFile on_root_;  // root's own handle to the temporary file, for what MPI-IO cannot do
  std::optional<hdf5::File> file_;
  std::uint64_t needed_ = 0;
  std::uint64_t reserved_ = 0;
  bool finished_ = false;  // committed or given up
};

}  // namespace gemel::checkpoint
