#include "hdf5/attribute.hpp"

#include <type_traits>

#include "hdf5/datatype.hpp"
#include "hdf5/error.hpp"
#include "hdf5/handle.hpp"

namespace gemel::hdf5 {
namespace {

std::string full_name(const std::string& object_path, const std::string& name) {
  return object_path + "@" + name;
}

AttributeHandle create(File& file, const std::string& object_path, const std::string& name, hid_t type) {
  if (!file.has(object_path)) file.create_groups(object_path);
  const DataspaceHandle scalar(check(H5Screate(H5S_SCALAR), "H5Screate"));
  return AttributeHandle(check(H5Acreate_by_name(file.id(), object_path.c_str(), name.c_str(), type,
                                                 scalar.id(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                               "H5Acreate_by_name", full_name(object_path, name)));
}

}  // namespace

template <AttributeValue T>
void write_attribute(File& file, const std::string& object_path, const std::string& name, const T& value) {
  if constexpr (std::same_as<T, std::string>) {
    const auto type = text_type(value.size());
    const auto attribute = create(file, object_path, name, type.id());
    // c_str() of an empty string is the one zero byte that the shortest type holds.
    check(H5Awrite(attribute.id(), type.id(), value.c_str()), "H5Awrite", full_name(object_path, name));
  } else {
    const auto attribute = create(file, object_path, name, file_type(element_of<T>));
    check(H5Awrite(attribute.id(), memory_type(element_of<T>), &value), "H5Awrite",
          full_name(object_path, name));
  }
}

template <AttributeValue T>
T read_attribute(const File& file, const std::string& object_path, const std::string& name) {
  const std::string full = full_name(object_path, name);
  const AttributeHandle attribute(
      check(H5Aopen_by_name(file.id(), object_path.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
            "H5Aopen_by_name", full));
  const DatatypeHandle type(check(H5Aget_type(attribute.id()), "H5Aget_type", full));
  const DataspaceHandle space(check(H5Aget_space(attribute.id()), "H5Aget_space", full));
  constexpr Element wanted = element_of<T>;
  if (element_of_type(type.id(), full) != wanted || H5Sget_simple_extent_npoints(space.id()) != 1) {
    throw Hdf5Error(full + ": not one value of type " + std::string(name_of(wanted)));
  }
  T value{};
  if constexpr (std::same_as<T, std::string>) {
    value.resize(H5Tget_size(type.id()));
    check(H5Aread(attribute.id(), type.id(), value.data()), "H5Aread", full);
    value.resize(text_length(value));
  } else {
    check(H5Aread(attribute.id(), memory_type(wanted), &value), "H5Aread", full);
  }
  return value;
}

bool has_attribute(const File& file, const std::string& object_path, const std::string& name) {
  return file.has(object_path) &&
         check(herr_t{H5Aexists_by_name(file.id(), object_path.c_str(), name.c_str(), H5P_DEFAULT)},
               "H5Aexists_by_name", full_name(object_path, name)) > 0;
}

template void write_attribute(File&, const std::string&, const std::string&, const std::int64_t&);
template void write_attribute(File&, const std::string&, const std::string&, const std::uint64_t&);
template void write_attribute(File&, const std::string&, const std::string&, const double&);
template void write_attribute(File&, const std::string&, const std::string&, const std::string&);
template std::int64_t read_attribute(const File&, const std::string&, const std::string&);
template std::uint64_t read_attribute(const File&, const std::string&, const std::string&);
template double read_attribute(const File&, const std::string&, const std::string&);
template std::string read_attribute(const File&, const std::string&, const std::string&);

}  // namespace gemel::hdf5
