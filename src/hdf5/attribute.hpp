#pragma once

#include <concepts>
#include <cstdint>
#include <string>

#include "hdf5/file.hpp"

namespace gemel::hdf5 {

/// What an attribute of ours may hold: one number, or one UTF-8 string (stored with a fixed length).
template <class T>
concept AttributeValue = std::same_as<T, std::int64_t> || std::same_as<T, std::uint64_t> ||
    std::same_as<T, double> || std::same_as<T, std::string>;

/// Attaches a new attribute to the group or dataset at `object_path`; a group that does not exist is created.
/// Throws Hdf5Error if the object has one of that name already. Collective, with the same value on every
/// rank.
template <AttributeValue T>
void write_attribute(File& file, const std::string& object_path, const std::string& name, const T& value);

/// The value of an attribute. Throws Hdf5Error if there is none, or one of another kind. Collective.
template <AttributeValue T>
T read_attribute(const File& file, const std::string& object_path, const std::string& name);

/// Whether the object exists and has such an attribute. Collective.
bool has_attribute(const File& file, const std::string& object_path, const std::string& name);

}  // namespace gemel::hdf5
