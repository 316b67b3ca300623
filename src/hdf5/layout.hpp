#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hdf5/contents.hpp"
#include "hdf5/handle.hpp"
#include "hdf5/memory_driver.hpp"

namespace gemel::hdf5 {

/// Bytes that belong at a place of a file.
struct Extent {
  std::uint64_t offset = 0;
  std::vector<std::byte> bytes;

  std::uint64_t end() const { return offset + bytes.size(); }
};

/// A file that is laid out: all of it but its user block and the values of its datasets, ascending.
struct Structure {
  std::uint64_t file_bytes = 0;
  std::vector<Extent> extents;
};

/// Lays out an HDF5 file: HDF5 makes groups, headers and attributes, and says where the values of each dataset belong, in memory of this
/// process. Nothing of it touches a file system, so no disk can fail under HDF5. Whoever has the values writes them, and the structure,
/// with calls of their own.
///
/// The format is that of HDF5 1.8 and later, in which HDF5 itself keeps a checksum of all its structures. No time is recorded, so the
/// same calls give the same file. Everything that fails throws Hdf5Error. Not collective: one rank does it.
class Layout {
 public:
  /// The file begins with so many bytes that are not HDF5's: 0, or a power of two of at least 512.
  explicit Layout(std::uint64_t user_block_bytes = 0);
  Layout(const Layout&) = delete;
  Layout& operator=(const Layout&) = delete;

  /// Adds a dataset of numbers at `path`, and the groups above it.
  StoredDataset add(const std::string& path, Element element, const Shape& shape);
  /// Adds a dataset [rows] of strings of up to `length` bytes each.
  StoredDataset add_text(const std::string& path, std::size_t rows, std::size_t length);
  /// Attaches a new attribute to the group or dataset at `object_path`; a group that does not exist is created.
  void attribute(const std::string& object_path, const std::string& name, const AttributeValue& value);

  /// What has been added so far.
  const Contents& contents() const { return contents_; }

  /// Call once, last.
  Structure finish();

 private:
  bool has(const std::string& path) const;
  void create_groups(const std::string& path) const;
  StoredDataset add_of_type(const std::string& path, Element element, hid_t type, std::size_t value_bytes,
                            const Shape& shape);

  std::uint64_t user_block_bytes_;
  SparseBytes bytes_;
  FileHandle file_;
  Contents contents_;
};

}  // namespace gemel::hdf5
