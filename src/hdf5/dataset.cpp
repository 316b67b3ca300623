#include "hdf5/dataset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "hdf5/error.hpp"

namespace gemel::hdf5 {
namespace {

// Creation properties: contiguous, no times, and no fill values (every row is written anyway).
PropertyListHandle dataset_creation() {
  PropertyListHandle creation(check(H5Pcreate(H5P_DATASET_CREATE), "H5Pcreate"));
  check(H5Pset_layout(creation.id(), H5D_CONTIGUOUS), "H5Pset_layout");
  check(H5Pset_fill_time(creation.id(), H5D_FILL_TIME_NEVER), "H5Pset_fill_time");
  check(H5Pset_obj_track_times(creation.id(), false), "H5Pset_obj_track_times");
  return creation;
}

PropertyListHandle transfer_properties(Transfer transfer) {
  const auto mode = transfer == Transfer::collective ? H5FD_MPIO_COLLECTIVE : H5FD_MPIO_INDEPENDENT;
  PropertyListHandle properties(check(H5Pcreate(H5P_DATASET_XFER), "H5Pcreate"));
  check(H5Pset_dxpl_mpio(properties.id(), mode), "H5Pset_dxpl_mpio");
  return properties;
}

DataspaceHandle space_of(const Shape& shape) {
  const std::array<hsize_t, 2> extent = {shape.rows, shape.values_per_row()};
  return DataspaceHandle(
      check(H5Screate_simple(shape.cols ? 2 : 1, extent.data(), nullptr), "H5Screate_simple"));
}

void select_rows(const DataspaceHandle& space, const Shape& shape, std::size_t first, std::size_t count) {
  if (count == 0) {
    check(H5Sselect_none(space.id()), "H5Sselect_none");
    return;
  }
  const std::array<hsize_t, 2> start = {first, 0};
  const std::array<hsize_t, 2> extent = {count, shape.values_per_row()};
  check(H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr),
        "H5Sselect_hyperslab");
}

std::size_t divide_up(std::size_t total, std::size_t part) {
  return (total + part - 1) / part;
}

// The exception that `action` throws, if it does.
template <class Action>
std::exception_ptr failure_of(Action action) {
  try {
    action();
  } catch (...) {
    return std::current_exception();
  }
  return {};
}

}  // namespace

Dataset::Dataset(const File& file, std::string path, DatasetHandle handle)
    : communicator_(&file.communicator()), path_(std::move(path)), handle_(std::move(handle)) {
  const DatatypeHandle type(check(H5Dget_type(handle_.id()), "H5Dget_type", path_));
  element_ = element_of_type(type.id(), path_);
  value_bytes_ = H5Tget_size(type.id());
  memory_type_ = DatatypeHandle(
      check(H5Tcopy(element_ == Element::text ? type.id() : memory_type(element_)), "H5Tcopy", path_));
  const DataspaceHandle space(check(H5Dget_space(handle_.id()), "H5Dget_space", path_));
  const int rank = H5Sget_simple_extent_ndims(space.id());
  if (rank != 1 && rank != 2)
    throw Hdf5Error(fmt::format("{}: has {} dimensions, not one or two", path_, rank));
  std::array<hsize_t, 2> extent{};
  check(herr_t{H5Sget_simple_extent_dims(space.id(), extent.data(), nullptr)}, "H5Sget_simple_extent_dims",
        path_);
  shape_.rows = extent[0];
  if (rank == 2) shape_.cols = extent[1];
}

Dataset Dataset::create_of_type(File& file, const std::string& path, hid_t type, const Shape& shape) {
  if (const auto slash = path.rfind('/'); slash != std::string::npos && slash > 0) {
    file.create_groups(path.substr(0, slash));
  }
  const auto creation = dataset_creation();
  const auto space = space_of(shape);
  DatasetHandle handle(
      check(H5Dcreate2(file.id(), path.c_str(), type, space.id(), H5P_DEFAULT, creation.id(), H5P_DEFAULT),
            "H5Dcreate2", path));
  return {file, path, std::move(handle)};
}

Dataset Dataset::create(File& file, const std::string& path, Element element, const Shape& shape) {
  return create_of_type(file, path, file_type(element), shape);
}

Dataset Dataset::create_text(File& file, const std::string& path, std::size_t rows, std::size_t length) {
  return create_of_type(file, path, text_type(length).id(), {rows, {}});
}

Dataset Dataset::open(const File& file, const std::string& path) {
  return {file, path, DatasetHandle(check(H5Dopen2(file.id(), path.c_str(), H5P_DEFAULT), "H5Dopen2", path))};
}

void Dataset::require_slab(Element element, std::size_t first_row, std::size_t count,
                           std::size_t bytes) const {
  if (element != element_) {
    throw Hdf5Error(fmt::format("{}: holds {}, not {}", path_, name_of(element_), name_of(element)));
  }
  if (bytes != count * row_bytes()) {
    throw Hdf5Error(
        fmt::format("{}: {} bytes are not {} rows of {} bytes", path_, bytes, count, row_bytes()));
  }
  if (first_row + count > shape_.rows) {
    throw Hdf5Error(fmt::format("{}: rows {} to {} are not among its {}", path_, first_row, first_row + count,
                                shape_.rows));
  }
}

// Calls `move` for this rank's rows in pieces of a size that MPI-IO can count; in a collective transfer as
// often as the rank with the most pieces does, with nothing selected when this rank's have run out or it has
// failed.
void Dataset::move_in_pieces(std::size_t count, std::exception_ptr failure, std::size_t first_row,
                             const MoveRows& move) const {
  if (shape_.rows == 0 || row_bytes() == 0) {
    if (failure) std::rethrow_exception(failure);
    return;
  }
  // HDF5's ordinary driver, that of a rank alone, refuses collective transfers.
  const auto transfer = transfer_properties(communicator_->size() == 1 ? Transfer::independent : transfer_);
  const std::size_t piece = std::max<std::size_t>(largest_transfer_ / row_bytes(), 1);
  auto pieces = static_cast<std::int64_t>(divide_up(count, piece));
  if (transfer_ == Transfer::collective) pieces = shape_.rows <= piece ? 1 : communicator_->max(pieces);
  for (std::size_t i = 0; i < static_cast<std::size_t>(pieces); ++i) {
    const std::size_t done = std::min(i * piece, count);
    const std::size_t rows = failure ? 0 : std::min(piece, count - done);
    const auto error = failure_of([&] {
      const auto memory_space = space_of({std::max<std::size_t>(rows, 1), shape_.cols});
      const auto file_space = space_of(shape_);
      select_rows(memory_space, shape_, 0, rows);
      select_rows(file_space, shape_, first_row + done, rows);
      move(memory_space.id(), file_space.id(), transfer.id(), done);
    });
    if (!failure) failure = error;
  }
  if (failure) std::rethrow_exception(failure);
}

void Dataset::write_bytes(Element element, std::size_t first_row, std::span<const std::byte> rows) {
  const std::size_t count = row_bytes() == 0 ? 0 : rows.size() / row_bytes();
  const auto failure = failure_of([&] { require_slab(element, first_row, count, rows.size()); });
  move_in_pieces(count, failure, first_row,
                 [&](hid_t memory_space, hid_t file_space, hid_t transfer, std::size_t row) {
                   check(H5Dwrite(handle_.id(), memory_type_.id(), memory_space, file_space, transfer,
                                  rows.data() + row * row_bytes()),
                         "H5Dwrite", path_);
                 });
}

void Dataset::read_bytes(Element element, std::size_t first_row, std::size_t count,
                         std::span<std::byte> rows) const {
  const auto failure = failure_of([&] { require_slab(element, first_row, count, rows.size()); });
  move_in_pieces(count, failure, first_row,
                 [&](hid_t memory_space, hid_t file_space, hid_t transfer, std::size_t row) {
                   check(H5Dread(handle_.id(), memory_type_.id(), memory_space, file_space, transfer,
                                 rows.data() + row * row_bytes()),
                         "H5Dread", path_);
                 });
}

void Dataset::write_rows(std::size_t first_row, std::span<const std::string> values) {
  std::string packed;
  const auto failure = failure_of([&] { packed = pack_text(values, value_bytes_); });
  const auto transfer_failure =
      failure_of([&] { write_bytes(Element::text, first_row, std::as_bytes(std::span(packed))); });
  if (failure) std::rethrow_exception(failure);
  if (transfer_failure) std::rethrow_exception(transfer_failure);
}

void Dataset::read_rows(std::size_t first_row, std::size_t count, std::span<std::string> values) const {
  std::string packed(count * value_bytes_, '\0');
  read_bytes(Element::text, first_row, count, std::as_writable_bytes(std::span(packed)));
  unpack_text(packed, value_bytes_, values);
}

std::string pack_text(std::span<const std::string> values, std::size_t length) {
  std::string packed(values.size() * length, '\0');
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string& value = values[i];
    if (value.size() > length || (!value.empty() && value.back() == '\0')) {
      throw Hdf5Error(fmt::format("the string \"{}\" is longer than {} bytes or ends in a zero byte",
                                  value.c_str(), length));
    }
    value.copy(packed.data() + i * length, length);
  }
  return packed;
}

void unpack_text(std::string_view packed, std::size_t length, std::span<std::string> values) {
  base::require(packed.size() == values.size() * length, "unpack_text: as many strings as rows");
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string_view padded = packed.substr(i * length, length);
    values[i] = padded.substr(0, text_length(padded));
  }
}

std::size_t longest_text(std::span<const std::string> values) {
  std::size_t longest = 1;
  for (const std::string& value : values) longest = std::max(longest, value.size());
  return longest;
}

}  // namespace gemel::hdf5
