#include "serving/hdf5_vectors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace gemel::serving {
namespace {

constexpr const char* file_name = "vectors.h5";

/// A bound of the file's length.
std::uint64_t file_bytes(std::span<const VectorTable> tables) {
  std::uint64_t bytes = 0;
  for (const VectorTable& table : tables) {
    const std::size_t row =
        table.longest_id + table.longest_label + sizeof(std::int64_t) + table.dim * sizeof(float);
    bytes += static_cast<std::uint64_t>(table.rows) * (row + 2);  // of each text at least a byte
  }
  return bytes;
}

std::string path_of(const VectorTable& table, const char* dataset) {
  return fmt::format("/{}s/{}", table.noun, dataset);
}

}  // namespace

Hdf5Vectors::Hdf5Vectors(std::span<const VectorTable> tables, base::OutputFiles& files)
    : output_(files.add(file_name), file_bytes(tables)) {
  output_.write([&](hdf5::File& file) {
    for (const VectorTable& table : tables) create(table, file);
  });
}

void Hdf5Vectors::create(const VectorTable& table, hdf5::File& file) {
  const auto rows = static_cast<std::size_t>(table.rows);
  const auto add_texts = [&](const char* name, std::size_t longest) {
    const std::string path = path_of(table, name);
    datasets_.emplace(path, hdf5::Dataset::create_text(file, path, rows, std::max<std::size_t>(longest, 1)));
  };
  const auto add = [&](const char* name, hdf5::Element element, const hdf5::Shape& shape) {
    const std::string path = path_of(table, name);
    datasets_.emplace(path, hdf5::Dataset::create(file, path, element, shape));
  };
  add_texts("id", table.longest_id);
  if (table.has_labels) {
    add_texts("label", table.longest_label);
    add("count", hdf5::Element::int64, {rows, {}});
  }
  add("vector", hdf5::Element::float32, {rows, table.dim});
}

void Hdf5Vectors::write(const VectorTable& table, const VectorRows& rows) {
  const auto first = static_cast<std::size_t>(rows.first);
  const auto dataset = [&](const char* name) -> hdf5::Dataset& { return datasets_.at(path_of(table, name)); };
  output_.write([&](hdf5::File&) {
    dataset("id").write_rows(first, std::span<const std::string>(rows.ids.texts()));
    if (table.has_labels) {
      dataset("label").write_rows(first, std::span<const std::string>(rows.labels.texts()));
      dataset("count").write_rows(first, std::span<const std::int64_t>(rows.counts));
    }
    dataset("vector").write_rows(first, rows.vectors.view().flat());
  });
}

void Hdf5Vectors::finish() {
  datasets_.clear();
  output_.close();
}

}  // namespace gemel::serving
