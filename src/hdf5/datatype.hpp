#pragma once

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hdf5/handle.hpp"

namespace gemel::hdf5 {

/// The kinds of values that files of ours hold. Numbers are little-endian in the file; text is UTF-8 of a
/// fixed length in bytes, filled up with zero bytes.
enum class Element { float32, float64, uint8, int32, int64, uint64, text };

/// The kind of a C++ type. Only float, double, the integers of the table above and std::string have one.
template <class T>
inline constexpr Element element_of = T::no_hdf5_element_for_this_type;
template <>
inline constexpr Element element_of<float> = Element::float32;
template <>
inline constexpr Element element_of<double> = Element::float64;
template <>
inline constexpr Element element_of<std::uint8_t> = Element::uint8;
template <>
inline constexpr Element element_of<std::int32_t> = Element::int32;
template <>
inline constexpr Element element_of<std::int64_t> = Element::int64;
template <>
inline constexpr Element element_of<std::uint64_t> = Element::uint64;
template <>
inline constexpr Element element_of<std::string> = Element::text;

std::string_view name_of(Element element);

/// HDF5's predefined type of a number, in the file and in memory. Not to be closed. Not for text.
hid_t file_type(Element element);
hid_t memory_type(Element element);

/// The type of UTF-8 strings of up to `length` bytes (at least one byte: HDF5 has no empty strings).
DatatypeHandle text_type(std::size_t length);

/// The kind of a type found in a file. Throws Hdf5Error, naming `object`, for one that is not in the table.
Element element_of_type(hid_t type, const std::string& object);

}  // namespace gemel::hdf5
