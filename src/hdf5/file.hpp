#pragma once

#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "mpi/communicator.hpp"

namespace gemel::hdf5 {

/// "HDF5 1.10.8".
std::string library_version();

/// True if `path` is a file that begins as HDF5 files do. Not collective; throws Hdf5Error if it cannot be
/// read.
bool is_hdf5(const std::filesystem::path& path);

/// An HDF5 file that all ranks of a communicator have open together, through MPI-IO (one alone: also without MPI). Moves; does not copy.
///
/// Every member, and everything done with groups, datasets and attributes of the file, is collective and must
/// be called alike on every rank. The communicator must outlive the file.
///
/// The format is that of HDF5 1.8 and later, in which HDF5 itself keeps a checksum of all its structures
/// (superblock, groups, dataset headers, attributes) and refuses a damaged one; only the elements of datasets
/// have none. No time is recorded, so the same calls give the same file.
class File {
 public:
  /// Creates the file, or empties an existing one.
  static File create(const std::filesystem::path& path, mpi::Communicator& communicator);
  static File open_read(const std::filesystem::path& path, mpi::Communicator& communicator);

  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  /// Closing a shared file is collective and would hang if a single rank unwinds, so an open file is left to
  /// MPI_Finalize here, unless it is open on one rank only. Call close() on every normal path.
  ~File();

  /// Hands everything written so far to the operating system and asks it to store it (MPI_File_sync).
  void flush();
  /// Where the content ends, after `flush`: a file that was made longer beforehand stays so without MPI. Nothing through MPI-IO, which
  /// cuts it off.
  std::optional<std::uint64_t> end() const;
  /// Closes; groups, datasets and attributes of the file must have gone before. Does nothing when already
  /// closed.
  void close();
  bool is_open() const { return id_ >= 0; }

  /// Whether a group or dataset stands at `path` ("/group/name").
  bool has(const std::string& path) const;
  /// Creates the group `path` and those above it, as far as they do not exist.
  void create_groups(const std::string& path);
  /// The absolute paths of all datasets, in alphabetical order.
  std::vector<std::string> dataset_paths() const;

  hid_t id() const { return id_; }
  mpi::Communicator& communicator() const { return *communicator_; }

 private:
  File(hid_t id, mpi::Communicator& communicator) : id_(id), communicator_(&communicator) {}

  hid_t id_;
  mpi::Communicator* communicator_;
};

}  // namespace gemel::hdf5
