#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gemel/base/error.hpp"
#include "gemel/checkpoint/checksum_blocks.hpp"
#include "gemel/checkpoint/durable_file.hpp"
#include "gemel/hdf5/attribute.hpp"
#include "gemel/hdf5/dataset.hpp"
#include "gemel/hdf5/file.hpp"
#include "gemel/mpi/communicator.hpp"
#include "gemel/tensor/matrix.hpp"
#include "gemel/tensor/matrix_view.hpp"

namespace gemel::checkpoint {

/// A checkpoint file is a container of datasets and attributes, the same whatever the number of ranks that
/// wrote it:
///
///   /                     format = "gemel-checkpoint", format_version, program_version,
///                         complete = 1 (written last), and the attributes and datasets that are put in
///   /checksums/<path>     uint64 [blocks]: XXH3-64 of every block of about 1 MiB (whole rows) of the
///                         dataset at <path>
///
/// Attributes and the structure of the file need no checksum of ours: HDF5 has its own in this version of its
/// format and refuses a damaged one.
inline constexpr std::int64_t format_version = 1;

/// Until it is complete, a file has this and the name of the writing process (process_name()) behind its own
/// name.
inline const std::string temporary_mark = ".tmp-";

/// Writes one checkpoint file under a temporary name; commit() gives it its own.
///
/// Everything is collective and called alike on every rank, with the same content: each rank stores its share
/// of it. What fails on any rank (a full disk) is thrown by all of them as mpi::AgreedError with
/// ExitCode::checkpoint; the temporary file is gone then, the writer cannot be used any more, and earlier
/// checkpoints are untouched. A writer that is destroyed before commit() leaves no file.
/// Only when HDF5 itself fails to write a file of several ranks (a broken disk) does the failing rank say so and end the
/// job, with the same exit code.
class CheckpointWriter {
 public:
  /// `path` is the final name; its directory must exist. The communicator must outlive the writer.
  CheckpointWriter(std::filesystem::path path, mpi::Communicator& communicator);
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  /// Attaches an attribute to the group or dataset at `object_path` ("/" is the file itself). A dataset must
  /// have been written before; a group is created if need be.
  void attribute(const std::string& object_path, const std::string& name, std::int64_t value);
  void attribute(const std::string& object_path, const std::string& name, std::uint64_t value);
  void attribute(const std::string& object_path, const std::string& name, double value);
  void attribute(const std::string& object_path, const std::string& name, const std::string& value);
  void attribute(const std::string& object_path, const std::string& name, const char* value);

  /// Writes a dataset [rows, cols] or [rows] at the absolute `path`, creating the groups above it.
  void write(const std::string& path, tensor::ConstMatrixView whole);
  void write(const std::string& path, std::span<const float> whole);
  void write(const std::string& path, std::span<const double> whole);
  void write(const std::string& path, std::span<const std::int64_t> whole);
  /// UTF-8 strings, stored with the length of the longest; none may end in a zero byte.
  void write(const std::string& path, std::span<const std::string> whole);

  /// Marks the file complete, waits until the storage has it, and gives it its final name, which must not
  /// exist yet.
  void commit();

  /// What the file may grow to with all that has been written so far: so many bytes have been set aside for
  /// it.
  std::uint64_t reserved_bytes() const { return reserved_; }

 private:
  using BytesOfRows = std::function<std::span<const std::byte>(const BlockRange& range)>;

  void create_temporary();
  /// Sees to it that the file can grow by so many bytes more.
  void reserve(std::uint64_t bytes);
  template <class T>
  void write_attribute(const std::string& object_path, const std::string& name, const T& value,
                       std::size_t bytes);
  template <class T>
  void write_numbers(const std::string& path, std::span<const T> whole, const hdf5::Shape& shape);
  void write_blocks(const std::string& path, const ChecksumBlocks& blocks, std::size_t bytes,
                    const std::function<hdf5::Dataset()>& create, const BytesOfRows& bytes_of_rows);
  /// Runs `action`, lets the ranks agree on its outcome, and gives the file up if it failed.
  void together(const std::function<void()>& action);
  /// Runs `action`, in which HDF5 writes to the file. An error there (a broken disk; a full one is found before) is one that
  /// the ranks cannot come back from together: a parallel file can be neither used nor closed after it without some of
  /// them waiting inside of HDF5 for ever. The rank says why, removes the temporary file and ends the job.
  void or_end_job(const std::function<void()>& action);
  void abandon();
  void remove_temporary();
  std::string explain(const base::Error& error) const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  mpi::Communicator* communicator_;
  OpenFile on_root_;  // root's own handle to the temporary file, for what MPI-IO cannot do
  std::optional<hdf5::File> file_;
  std::uint64_t needed_ = 0;
  std::uint64_t reserved_ = 0;
  bool finished_ = false;  // committed or given up
};

/// Reads a checkpoint file. The constructor checks that it is one, complete, and of a version that this
/// program knows.
///
/// Everything is collective and called alike on every rank. What is wrong is thrown by all ranks as
/// mpi::AgreedError with ExitCode::checkpoint, naming the file, the dataset and the rows; the reader is
/// closed then. No value is handed out before its checksum has been verified.
class CheckpointReader {
 public:
  /// The communicator must outlive the reader.
  CheckpointReader(std::filesystem::path path, mpi::Communicator& communicator);
  CheckpointReader(const CheckpointReader&) = delete;
  CheckpointReader& operator=(const CheckpointReader&) = delete;

  const std::filesystem::path& path() const { return path_; }

  bool has(const std::string& object_path);
  hdf5::Shape shape(const std::string& path);

  bool has_attribute(const std::string& object_path, const std::string& name);
  /// T: std::int64_t, std::uint64_t, double or std::string.
  template <hdf5::AttributeValue T>
  T attribute(const std::string& object_path, const std::string& name);

  /// Reads a whole dataset [rows, cols] onto every rank. Its shape must be that of `whole`.
  void read(const std::string& path, tensor::MatrixView whole);
  tensor::Matrix read_matrix(const std::string& path);
  /// Reads a whole dataset [rows] onto every rank. T: float, double, std::int64_t or std::string.
  template <class T>
  std::vector<T> read_vector(const std::string& path);

  /// Reads every dataset, in bounded memory, and throws at the first block that does not have its checksum.
  void verify();

  /// Call on every normal path (see hdf5::File).
  void close();

 private:
  /// Called with consecutive blocks; says where their rows belong.
  using PlaceOfRows = std::function<std::span<std::byte>(const BlockRange& range)>;

  using PlaceOfDataset = std::function<std::span<std::byte>(const hdf5::Dataset& dataset)>;

  void check_header();
  hdf5::Dataset open(const std::string& path, hdf5::Element element);
  /// Reads this rank's share of a dataset, some blocks at a time, and verifies them. Not agreed on: what can
  /// fail on one rank alone comes after all that is collective.
  void read_share(const hdf5::Dataset& dataset, const std::string& path, const PlaceOfRows& place);
  /// Reads a whole dataset onto every rank: every rank reads its share, then they exchange them. `prepare`
  /// says where it belongs, and throws if its shape is not the right one.
  void read_whole(const std::string& path, hdf5::Element element, const PlaceOfDataset& prepare);
  /// Runs `action`, lets the ranks agree on its outcome, and closes the file if it failed.
  void together(const std::function<void()>& action);

  std::filesystem::path path_;
  mpi::Communicator* communicator_;
  std::optional<hdf5::File> file_;
};

}  // namespace gemel::checkpoint
