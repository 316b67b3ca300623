#include "serving/hdf5_vectors.hpp"

#include <fmt/format.h>

#include <vector>

namespace gemel::serving {
namespace {

constexpr const char* file_name = "vectors.h5";

std::string path_of(const VectorTable& table, const char* dataset) {
  return fmt::format("/{}s/{}", table.noun, dataset);
}

}  // namespace

Hdf5Vectors::Hdf5Vectors(std::span<const VectorTable> tables, base::OutputFiles& files)
    : output_(files.add(file_name), [&](hdf5::Layout& layout) {
        for (const VectorTable& table : tables) add(table, layout);
      }) {}

void Hdf5Vectors::add(const VectorTable& table, hdf5::Layout& layout) {
  const auto rows = static_cast<std::size_t>(table.rows);
  const auto keep = [&](const hdf5::StoredDataset& dataset) { datasets_.emplace(dataset.path, dataset); };
  keep(layout.add_text(path_of(table, "id"), rows, table.longest_id));
  if (table.has_labels) {
    keep(layout.add_text(path_of(table, "label"), rows, table.longest_label));
    keep(layout.add(path_of(table, "count"), hdf5::Element::int64, {rows, {}}));
  }
  keep(layout.add(path_of(table, "vector"), hdf5::Element::float32, {rows, table.dim}));
}

void Hdf5Vectors::write(const VectorTable& table, const VectorRows& rows) {
  const auto first = static_cast<std::size_t>(rows.first);
  const auto dataset = [&](const char* name) { return datasets_.at(path_of(table, name)); };
  const std::vector<std::string> ids = rows.ids.texts();
  output_.write(dataset("id"), first, std::span<const std::string>(ids));
  if (table.has_labels) {
    const std::vector<std::string> labels = rows.labels.texts();
    output_.write(dataset("label"), first, std::span<const std::string>(labels));
    output_.write(dataset("count"), first, std::span<const std::int64_t>(rows.counts));
  }
  output_.write(dataset("vector"), first, std::span<const float>(rows.vectors.view().flat()));
}

void Hdf5Vectors::finish() {}  // whoever has the files commits them

}  // namespace gemel::serving
