#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hdf5/datatype.hpp"
#include "hdf5/file.hpp"
#include "hdf5/handle.hpp"

namespace gemel::hdf5 {

/// [rows, cols], or [rows] where `cols` is empty.
struct Shape {
  std::size_t rows = 0;
  std::optional<std::size_t> cols;

  std::size_t values_per_row() const { return cols.value_or(1); }
  friend bool operator==(const Shape&, const Shape&) = default;
};

/// How slabs travel between memory and file. Measured here for slabs of whole rows (HDF5 1.10.8, Open
/// MPI 4.1.4, 2 and 4 ranks): independent is up to three times as fast for small datasets and never slower
/// for large ones.
enum class Transfer {
  collective,   ///< MPI-IO may gather the slabs of several ranks into few large requests; all ranks wait for
                ///< each other
  independent,  ///< every rank on its own, without waiting for or talking to others
};

/// A dataset [rows, cols] or [rows], stored contiguously, which the ranks write and read in slabs of whole
/// rows.
///
/// Everything is collective. Each rank names its own slab of rows; a rank with nothing to do passes an empty
/// one. A failure on one rank (a slab outside the dataset, an error of the disk) is thrown on that rank only,
/// after it has taken part in the whole transfer: let the ranks agree on it.
class Dataset {
 public:
  /// Creates a dataset of numbers at `path`, and the groups above it. Its values are undefined until written.
  static Dataset create(File& file, const std::string& path, Element element, const Shape& shape);
  /// Creates a dataset [rows] of strings of up to `length` bytes each.
  static Dataset create_text(File& file, const std::string& path, std::size_t rows, std::size_t length);
  static Dataset open(const File& file, const std::string& path);

  Element element() const { return element_; }
  const Shape& shape() const { return shape_; }
  /// Bytes of one value: of a string, its fixed length.
  std::size_t value_bytes() const { return value_bytes_; }
  std::size_t row_bytes() const { return value_bytes_ * shape_.values_per_row(); }

  /// Writes this rank's rows [first_row, first_row + values.size() / cols).
  template <class T>
  void write_rows(std::size_t first_row, std::span<const T> values) {
    write_bytes(element_of<T>, first_row, std::as_bytes(values));
  }
  /// Reads this rank's rows [first_row, first_row + count) into `values`, which has room for just these.
  template <class T>
  void read_rows(std::size_t first_row, std::size_t count, std::span<T> values) const {
    read_bytes(element_of<T>, first_row, count, std::as_writable_bytes(values));
  }
  /// The same for strings. One that is longer than the dataset's length is an error.
  void write_rows(std::size_t first_row, std::span<const std::string> values);
  void read_rows(std::size_t first_row, std::size_t count, std::span<std::string> values) const;

  /// The same for values of any kind as their bytes in memory, row by row; strings with their fixed length.
  void write_bytes(Element element, std::size_t first_row, std::span<const std::byte> rows);
  void read_bytes(Element element, std::size_t first_row, std::size_t count, std::span<std::byte> rows) const;

  /// Slabs beyond this many bytes are moved in several calls, since MPI-IO counts in int.
  void set_largest_transfer(std::size_t bytes) { largest_transfer_ = bytes; }
  void set_transfer(Transfer transfer) { transfer_ = transfer; }

 private:
  using MoveRows =
      std::function<void(hid_t memory_space, hid_t file_space, std::size_t row, std::size_t count)>;

  Dataset(const File& file, std::string path, DatasetHandle handle);

  static Dataset create_of_type(File& file, const std::string& path, hid_t type, const Shape& shape);
  void require_slab(Element element, std::size_t first_row, std::size_t count, std::size_t bytes) const;
  void move_in_pieces(std::size_t count, std::exception_ptr failure, std::size_t first_row,
                      const MoveRows& move) const;

  mpi::Communicator* communicator_;
  std::string path_;
  DatasetHandle handle_;
  DatatypeHandle memory_type_;
  Element element_ = Element::float32;
  Shape shape_;
  std::size_t value_bytes_ = 0;
  Transfer transfer_ = Transfer::collective;
  std::size_t largest_transfer_ = std::size_t{1} << 30;
};

/// Strings as rows of `length` bytes each, filled up with zero bytes, and back. Throws Hdf5Error for a string
/// that is longer, or that ends in a zero byte and so would not come back.
std::string pack_text(std::span<const std::string> values, std::size_t length);
void unpack_text(std::string_view packed, std::size_t length, std::span<std::string> values);

/// The length that holds every string of `values`; at least 1.
std::size_t longest_text(std::span<const std::string> values);

}  // namespace gemel::hdf5
