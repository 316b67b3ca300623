#include "hdf5/datatype.hpp"

#include <algorithm>
#include <array>

#include "hdf5/error.hpp"

namespace gemel::hdf5 {
namespace {

struct NumberType {
  Element element;
  hid_t file;
  hid_t memory;
};

// Made anew every time: HDF5's constants are variables that exist only once the library is open.
std::array<NumberType, 6> number_types() {
  return {{{Element::float32, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT},
           {Element::float64, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE},
           {Element::uint8, H5T_STD_U8LE, H5T_NATIVE_UINT8},
           {Element::int32, H5T_STD_I32LE, H5T_NATIVE_INT32},
           {Element::int64, H5T_STD_I64LE, H5T_NATIVE_INT64},
           {Element::uint64, H5T_STD_U64LE, H5T_NATIVE_UINT64}}};
}

NumberType number_type(Element element) {
  for (const NumberType& type : number_types()) {
    if (type.element == element) return type;
  }
  throw base::InternalError("text has no predefined HDF5 type");
}

}  // namespace

std::string_view name_of(Element element) {
  constexpr std::array<std::string_view, 7> names = {"float32", "float64", "uint8", "int32",
                                                     "int64",   "uint64",  "text"};
  return names[static_cast<std::size_t>(element)];
}

hid_t file_type(Element element) {
  return number_type(element).file;
}
hid_t memory_type(Element element) {
  return number_type(element).memory;
}

DatatypeHandle text_type(std::size_t length) {
  DatatypeHandle type(check(H5Tcopy(H5T_C_S1), "H5Tcopy"));
  check(H5Tset_size(type.id(), std::max<std::size_t>(length, 1)), "H5Tset_size");
  check(H5Tset_cset(type.id(), H5T_CSET_UTF8), "H5Tset_cset");
  check(H5Tset_strpad(type.id(), H5T_STR_NULLPAD), "H5Tset_strpad");
  return type;
}

Element element_of_type(hid_t type, const std::string& object) {
  if (H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0) return Element::text;
  for (const NumberType& candidate : number_types()) {
    if (H5Tequal(type, candidate.file) > 0) return candidate.element;
  }
  throw Hdf5Error(object + ": a type of values that this program does not read");
}

}  // namespace gemel::hdf5
