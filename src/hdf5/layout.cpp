#include "hdf5/layout.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "hdf5/error.hpp"

namespace gemel::hdf5 {
namespace {

// Small structures are kept together in pieces of this size.
constexpr hsize_t metadata_block_bytes = 16 * 1024;

// Creation properties of the given class that leave out times.
PropertyListHandle creation_without_times(hid_t property_class) {
  PropertyListHandle creation(check(H5Pcreate(property_class), "H5Pcreate"));
  check(H5Pset_obj_track_times(creation.id(), false), "H5Pset_obj_track_times");
  return creation;
}

PropertyListHandle file_creation(std::uint64_t user_block_bytes) {
  PropertyListHandle creation = creation_without_times(H5P_FILE_CREATE);
  check(H5Pset_userblock(creation.id(), user_block_bytes), "H5Pset_userblock");
  return creation;
}

PropertyListHandle file_access(SparseBytes& bytes) {
  PropertyListHandle access(check(H5Pcreate(H5P_FILE_ACCESS), "H5Pcreate"));
  store_in_memory(access.id(), bytes);
  check(H5Pset_fclose_degree(access.id(), H5F_CLOSE_STRONG), "H5Pset_fclose_degree");
  check(H5Pset_libver_bounds(access.id(), H5F_LIBVER_V18, H5F_LIBVER_LATEST), "H5Pset_libver_bounds");
  check(H5Pset_meta_block_size(access.id(), metadata_block_bytes), "H5Pset_meta_block_size");
  return access;
}

// Contiguous, with its place known at once, no times, and no fill values: every row is written anyway.
PropertyListHandle dataset_creation() {
  PropertyListHandle creation = creation_without_times(H5P_DATASET_CREATE);
  check(H5Pset_layout(creation.id(), H5D_CONTIGUOUS), "H5Pset_layout");
  check(H5Pset_alloc_time(creation.id(), H5D_ALLOC_TIME_EARLY), "H5Pset_alloc_time");
  check(H5Pset_fill_time(creation.id(), H5D_FILL_TIME_NEVER), "H5Pset_fill_time");
  return creation;
}

DataspaceHandle space_of(const Shape& shape) {
  const std::array<hsize_t, 2> extent = {shape.rows, shape.values_per_row()};
  return DataspaceHandle(
      check(H5Screate_simple(shape.cols ? 2 : 1, extent.data(), nullptr), "H5Screate_simple"));
}

struct StoredAttribute {
  DatatypeHandle owned;  // where the type is not one of HDF5's own
  hid_t file = H5I_INVALID_HID;
  hid_t memory = H5I_INVALID_HID;
  const void* value = nullptr;
};

StoredAttribute stored(const AttributeValue& value) {
  return std::visit(
      [](const auto& of_type) {
        StoredAttribute result;
        if constexpr (std::is_same_v<std::decay_t<decltype(of_type)>, std::string>) {
          result.owned = text_type(of_type.size());
          result.file = result.memory = result.owned.id();
          result.value =
              of_type.c_str();  // of an empty string the one zero byte that the shortest type holds
        } else {
          constexpr Element element = element_of<std::decay_t<decltype(of_type)>>;
          result.file = file_type(element);
          result.memory = memory_type(element);
          result.value = &of_type;
        }
        return result;
      },
      value);
}

}  // namespace

Layout::Layout(std::uint64_t user_block_bytes) : user_block_bytes_(user_block_bytes) {
  silence_error_printing();
  const auto creation = file_creation(user_block_bytes);
  const auto access = file_access(bytes_);
  file_ = FileHandle(check(H5Fcreate("a layout", H5F_ACC_TRUNC, creation.id(), access.id()), "H5Fcreate"));
}

bool Layout::has(const std::string& path) const {
  // HDF5 looks up one link only when those above it exist.
  for (std::size_t end = path.find('/', 1); path.size() > 1; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (check(herr_t{H5Lexists(file_.id(), part.c_str(), H5P_DEFAULT)}, "H5Lexists", part) == 0) return false;
    if (end == std::string::npos) break;
  }
  return true;
}

void Layout::create_groups(const std::string& path) const {
  const auto creation = creation_without_times(H5P_GROUP_CREATE);
  for (std::size_t end = path.find('/', 1); path.size() > 1; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (check(herr_t{H5Lexists(file_.id(), part.c_str(), H5P_DEFAULT)}, "H5Lexists", part) == 0) {
      GroupHandle(check(H5Gcreate2(file_.id(), part.c_str(), H5P_DEFAULT, creation.id(), H5P_DEFAULT),
                        "H5Gcreate2", part));
    }
    if (end == std::string::npos) break;
  }
}

StoredDataset Layout::add_of_type(const std::string& path, Element element, hid_t type,
                                  std::size_t value_bytes, const Shape& shape) {
  if (const auto slash = path.rfind('/'); slash != std::string::npos && slash > 0)
    create_groups(path.substr(0, slash));
  const auto creation = dataset_creation();
  const auto space = space_of(shape);
  const DatasetHandle dataset(
      check(H5Dcreate2(file_.id(), path.c_str(), type, space.id(), H5P_DEFAULT, creation.id(), H5P_DEFAULT),
            "H5Dcreate2", path));
  StoredDataset added{path, element, shape, value_bytes, 0};
  if (added.bytes() > 0) {
    const haddr_t offset = H5Dget_offset(dataset.id());
    if (offset == HADDR_UNDEF) throw Hdf5Error(path + ": HDF5 has set no place aside for it");
    added.offset = offset;
  }
  contents_.datasets.push_back(added);
  return added;
}

StoredDataset Layout::add(const std::string& path, Element element, const Shape& shape) {
  return add_of_type(path, element, file_type(element), bytes_of(element), shape);
}

StoredDataset Layout::add_text(const std::string& path, std::size_t rows, std::size_t length) {
  const std::size_t bytes = std::max<std::size_t>(length, 1);
  return add_of_type(path, Element::text, text_type(bytes).id(), bytes, {rows, {}});
}

void Layout::attribute(const std::string& object_path, const std::string& name, const AttributeValue& value) {
  if (!has(object_path)) create_groups(object_path);
  const std::string full = object_path + "@" + name;
  const StoredAttribute what = stored(value);
  const DataspaceHandle scalar(check(H5Screate(H5S_SCALAR), "H5Screate"));
  const AttributeHandle attribute(
      check(H5Acreate_by_name(file_.id(), object_path.c_str(), name.c_str(), what.file, scalar.id(),
                              H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
            "H5Acreate_by_name", full));
  check(H5Awrite(attribute.id(), what.memory, what.value), "H5Awrite", full);
  contents_.attributes.push_back({object_path, name, value});
}

Structure Layout::finish() {
  check(H5Fflush(file_.id(), H5F_SCOPE_LOCAL), "H5Fflush");
  file_ = FileHandle();
  contents_.sort();
  std::vector<StoredDataset> in_order = contents_.datasets;
  std::erase_if(in_order, [](const StoredDataset& dataset) { return dataset.bytes() == 0; });
  std::ranges::sort(in_order, {}, &StoredDataset::offset);
  Structure structure{bytes_.size, {}};
  std::uint64_t begin = user_block_bytes_;
  const auto add_up_to = [&](std::uint64_t end) {
    if (end <= begin) return;
    Extent& extent = structure.extents.emplace_back(Extent{begin, std::vector<std::byte>(end - begin)});
    bytes_.read(begin, extent.bytes);
  };
  for (const StoredDataset& dataset : in_order) {
    add_up_to(dataset.offset);
    begin = dataset.offset + dataset.bytes();
  }
  add_up_to(structure.file_bytes);
  structure.file_bytes = std::max(structure.file_bytes, begin);
  return structure;
}

}  // namespace gemel::hdf5
