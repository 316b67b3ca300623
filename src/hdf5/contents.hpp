#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hdf5/datatype.hpp"
#include "hdf5/shape.hpp"

namespace gemel::hdf5 {

/// What an attribute of ours holds: one number, or one UTF-8 string.
using AttributeValue = std::variant<std::int64_t, std::uint64_t, double, std::string>;

struct Attribute {
  std::string object;  ///< path of the group or dataset that it is attached to; "/" is the file
  std::string name;
  AttributeValue value;

  friend bool operator==(const Attribute&, const Attribute&) = default;
};

/// A dataset whose values lie one after the other in the file.
struct StoredDataset {
  std::string path;
  Element element = Element::float32;
  Shape shape;
  std::size_t value_bytes = 0;  ///< of a text its fixed length
  std::uint64_t offset = 0;     ///< of the first value in the file; 0 where there is none

  std::size_t row_bytes() const { return value_bytes * shape.values_per_row(); }
  std::uint64_t bytes() const { return std::uint64_t{shape.rows} * row_bytes(); }
  friend bool operator==(const StoredDataset&, const StoredDataset&) = default;
};

/// What is in an HDF5 file: its table of contents. Groups are known by what is in them.
struct Contents {
  std::vector<Attribute> attributes;
  std::vector<StoredDataset> datasets;

  /// Null where there is none.
  const StoredDataset* dataset(std::string_view path) const;
  const AttributeValue* attribute(std::string_view object, std::string_view name) const;
  /// Whether a dataset, or a group with something in it or an attribute, stands at `path`.
  bool has(std::string_view path) const;

  /// In the order of their paths and names, which does not depend on how they came about.
  void sort();

  friend bool operator==(const Contents&, const Contents&) = default;
};

/// Bytes of one value of a number; 0 for text, whose length a dataset tells.
std::size_t bytes_of(Element element);

/// JSON, and back. The latter throws Hdf5Error for anything else than what the former makes: it takes text from anywhere, and checks
/// what the words are, not what they mean.
std::string to_text(const Contents& contents);
Contents parse_contents(std::string_view text);

}  // namespace gemel::hdf5
