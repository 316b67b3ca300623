#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/checkpoint_format.hpp"
#include "checkpoint/checksum_blocks.hpp"
#include "checkpoint/durable_file.hpp"
#include "checkpoint/file_fault.hpp"
#include "hdf5/contents.hpp"
#include "mpi/communicator.hpp"
#include "tensor/matrix.hpp"
#include "tensor/matrix_view.hpp"

namespace gemel::checkpoint {

/// A dataset of a checkpoint, without its values.
struct DatasetInfo {
  std::string path;
  hdf5::Element element = hdf5::Element::float32;
  hdf5::Shape shape;
  std::size_t row_bytes = 0;

  std::size_t bytes() const { return shape.rows * row_bytes; }
};

/// What datasets of floats must hold: patterns of their paths, in which "*" stands for any text.
struct Ranges {
  std::vector<std::string> finite;
  std::vector<std::string> not_negative;
};

/// What the attributes of ours hold.
template <class T>
concept AttributeType = std::same_as<T, std::int64_t> || std::same_as<T, std::uint64_t> ||
    std::same_as<T, double> || std::same_as<T, std::string>;

/// Reads a checkpoint file. The constructor proves that it is one, complete, and of a version that this
/// program knows (proof.hpp); after that HDF5 has no part in it.
///
/// Everything is called alike on every rank, and what has values is collective. What is wrong is thrown by all ranks as
/// FileError with the exit code of the kind, naming the file, the dataset and the rows. No value is handed out before its checksum has
/// been verified.
class CheckpointReader {
 public:
  /// Collective. The communicator must outlive the reader.
  CheckpointReader(std::filesystem::path path, mpi::Communicator& communicator,
                   const FileKind& kind = checkpoint_file());
  CheckpointReader(const CheckpointReader&) = delete;
  CheckpointReader& operator=(const CheckpointReader&) = delete;

  const std::filesystem::path& path() const { return path_; }
  mpi::Communicator& communicator() const { return *communicator_; }

  bool has(const std::string& object_path) const;
  hdf5::Shape shape(const std::string& path) const;

  /// All of them but the checksums, in alphabetical order of their paths.
  std::vector<DatasetInfo> datasets() const;

  bool has_attribute(const std::string& object_path, const std::string& name) const;
  /// T: std::int64_t, std::uint64_t, double or std::string.
  template <AttributeType T>
  T attribute(const std::string& object_path, const std::string& name) const;

  /// Reads a whole dataset [rows, cols] onto every rank. Its shape must be that of `whole`.
  void read(const std::string& path, tensor::MatrixView whole);
  tensor::Matrix read_matrix(const std::string& path);
  /// Reads a whole dataset [rows] onto every rank. T: float, double, std::int64_t or std::string.
  template <class T>
  std::vector<T> read_vector(const std::string& path);

  /// Reads rows [first, first + rows of `own`) of a dataset [rows, cols] or [rows]. Every rank names a range
  /// of its own; they may be empty, overlap and leave rows out. Needs memory for the blocks read at once
  /// besides `own`.
  void read_rows(const std::string& path, std::size_t first, tensor::MatrixView own);
  void read_rows(const std::string& path, std::size_t first, std::span<float> own);
  void read_rows(const std::string& path, std::size_t first, std::span<double> own);
  void read_rows(const std::string& path, std::size_t first, std::span<std::uint8_t> own);
  void read_rows(const std::string& path, std::size_t first, std::span<std::int32_t> own);
  void read_rows(const std::string& path, std::size_t first, std::span<std::int64_t> own);
  void read_rows(const std::string& path, std::size_t first, std::span<std::uint64_t> own);
  /// The same of any dataset as the bytes of its rows in memory; strings with their fixed length.
  std::vector<std::byte> read_bytes(const std::string& path, std::size_t first, std::size_t count);
  std::vector<std::string> read_strings(const std::string& path, std::size_t first, std::size_t count);

  /// Reads every dataset, in bounded memory, and throws at the first block that does not have its checksum, or is not in its range.
  void verify(const Ranges& ranges = {});

  /// Throws FileError: `what` is wrong with the content, and every rank knows of it.
  [[noreturn]] void refuse(const std::string& what, FileFault fault = FileFault::unfit) const;
  /// The same of what no run can have written: that the file is damaged, and what to do.
  [[noreturn]] void refuse_damaged(const std::string& what) const;

 private:
  struct FoundDataset {
    const hdf5::StoredDataset& data;
    const hdf5::StoredDataset& checksums;
    ChecksumBlocks blocks;
  };
  /// Called with consecutive blocks that have their checksums.
  using TakeBlocks = std::function<void(const BlockRange& range, std::span<const std::byte> bytes)>;
  /// Where the bytes of blocks belong; empty where not all of them do.
  using PlaceOfBlocks = std::function<std::span<std::byte>(const BlockRange& range)>;
  /// Throws if a dataset does not have the right shape; makes room for what is read of it.
  using Prepare = std::function<void(const hdf5::StoredDataset& dataset)>;
  /// Called with consecutive rows of those asked for; `row` counts from the first of these.
  using TakeRows = std::function<void(std::size_t row, std::span<const std::byte> bytes)>;

  /// Root proves the file, and tells the others what is in it.
  void find_contents();
  /// Fails alike on every rank. `element`: what the dataset must hold, if that matters.
  FoundDataset find(const std::string& path, std::optional<hdf5::Element> element) const;
  /// Reads and verifies blocks, some at a time, where `place` has a place for their bytes or to a buffer. Not agreed on: what can fail on
  /// one rank alone comes after all that is collective.
  void read_blocks(const FoundDataset& dataset, const BlockRange& range, const TakeBlocks& take,
                   const PlaceOfBlocks& place = {}) const;
  /// Reads a whole dataset onto every rank: every rank reads its share, then they exchange them. `prepare`
  /// says where it belongs, and throws if its shape is not the right one.
  void read_whole(const std::string& path, hdf5::Element element,
                  const std::function<std::span<std::byte>(const hdf5::StoredDataset& dataset)>& prepare);
  /// Reads rows [first, first + count).
  void read_range(const std::string& path, std::optional<hdf5::Element> element, std::size_t first,
                  std::size_t count, const Prepare& prepare, const TakeRows& take,
                  const PlaceOfBlocks& place = {});
  template <class T>
  void read_numbers(const std::string& path, std::size_t first, std::size_t count,
                    std::optional<std::size_t> cols, std::span<T> own);
  /// Adds what the rows of a dataset had no room for to the texts of rows [first, first + own.size()). Each rank names rows of its own.
  void append_rest(const std::string& path, std::size_t first, std::span<std::string> own);
  /// Runs `action` and lets the ranks agree on its outcome.
  void together(const std::function<void()>& action);

  // Of datasets with other content than is looked for.
  [[noreturn]] void refuse_shape(const std::string& path, const hdf5::Shape& shape,
                                 std::string_view wanted) const;
  void require_vector(const std::string& path, const hdf5::Shape& shape) const;
  void require_rows(const std::string& path, const hdf5::Shape& shape, std::size_t first,
                    std::size_t count) const;
  [[noreturn]] void refuse_missing(const std::string& path) const;

  FileKind kind_;
  std::filesystem::path path_;
  mpi::Communicator* communicator_;
  OpenFile file_;
  hdf5::Contents contents_;
};

/// What is wrong with a file: a message of the reader, but for what it advises to do.
std::string without_advice(const std::string& message);

}  // namespace gemel::checkpoint
