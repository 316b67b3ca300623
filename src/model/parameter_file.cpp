#include "model/parameter_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "tensor/arithmetic.hpp"

namespace gemel::model {
namespace {

std::string path_of(const DenseLayout::Place& place, const std::string& name) {
  return name.empty() ? "/" + place.name : fmt::format("/{}_{}", place.name, name);
}

std::string path_of(const EmbeddingTable& table, const std::string& name) {
  return fmt::format("/{}/{}", table.name(), name.empty() ? "weights" : name);
}

/// A bias is stored as a vector.
bool is_vector(const DenseLayout::Place& place) {
  return place.rows == 1;
}

template <class T, class Model>
BasicParameterValues<T> weights(Model& model) {
  BasicParameterValues<T> values{"", model.dense().values(), {}};
  for (auto* table : model.tables()) values.tables.push_back(table->weights().view());
  return values;
}

void read_vector(checkpoint::CheckpointReader& reader, const std::string& path, std::span<float> values) {
  const std::vector<float> stored = reader.read_vector<float>(path);
  if (stored.size() != values.size()) {
    reader.refuse(fmt::format("{} has {} elements, the model's has {}", path, stored.size(), values.size()));
  }
  std::ranges::copy(stored, values.begin());
}

/// Reads the rows that this rank holds, `held` [held rows, columns], of a dataset of a table whose last `added` rows are new.
void read_table(checkpoint::CheckpointReader& reader, const std::string& path, const EmbeddingTable& table,
                std::int64_t added, tensor::MatrixView held) {
  const std::int64_t stored = table.rows() - added;
  if (!table.is_sharded() && added == 0) return reader.read(path, held);  // each rank reads its share for all
  const std::int64_t first = std::min(table.held().first, stored);
  const std::int64_t last = std::min(table.held().last, stored);
  reader.read_rows(path, static_cast<std::size_t>(first),
                   held.middle_rows(0, static_cast<std::size_t>(last - first)));
}

}  // namespace

ParameterValues weights_of(TwoTower& model) {
  return weights<float>(model);
}

ConstParameterValues weights_of(const TwoTower& model) {
  return weights<const float>(model);
}

void write_parameters(checkpoint::CheckpointWriter& writer, const TwoTower& model,
                      const ConstParameterValues& values) {
  for (const DenseLayout::Place& place : model.dense().places()) {
    const tensor::ConstMatrixView own = place.in(values.dense);
    if (is_vector(place)) {
      writer.write(path_of(place, values.name), std::span<const float>(own.flat()));
    } else {
      writer.write(path_of(place, values.name), own);
    }
  }
  const auto tables = model.tables();
  for (std::size_t t = 0; t < tables.size(); ++t) {
    const std::string path = path_of(*tables[t], values.name);
    if (tables[t]->is_sharded()) {
      writer.write_rows(path, static_cast<std::size_t>(tables[t]->rows()),
                        static_cast<std::size_t>(tables[t]->held().first), values.tables[t]);
    } else {
      writer.write(path, values.tables[t]);
    }
  }
}

bool has_parameters(checkpoint::CheckpointReader& reader, const TwoTower& model, const std::string& name) {
  const auto& places = model.dense().places();
  if (!places.empty()) return reader.has(path_of(places.front(), name));
  const auto tables = model.tables();
  return !tables.empty() && reader.has(path_of(*tables.front(), name));
}

void require_fitting_tables(checkpoint::CheckpointReader& reader, const TwoTower& model,
                            const ParameterValues& values, std::span<const std::int64_t> added) {
  const auto tables = model.tables();
  for (std::size_t t = 0; t < tables.size(); ++t) {
    const std::string path = path_of(*tables[t], values.name);
    const hdf5::Shape shape = reader.shape(path);
    const std::int64_t rows = tables[t]->rows() - added[t];
    const std::size_t cols = values.tables[t].cols();
    if (static_cast<std::int64_t>(shape.rows) == rows && shape.cols == cols) continue;
    reader.refuse(fmt::format(
        "{} has {} rows of {} columns, but the vocabulary or the features in this file make it {} of {}; use "
        "another checkpoint",
        path, shape.rows, shape.cols.value_or(1), rows, cols));
  }
}

void read_parameters(checkpoint::CheckpointReader& reader, const TwoTower& model,
                     const ParameterValues& values, std::span<const std::int64_t> added) {
  for (const DenseLayout::Place& place : model.dense().places()) {
    const tensor::MatrixView own = place.in(values.dense);
    if (is_vector(place)) {
      read_vector(reader, path_of(place, values.name), own.flat());
    } else {
      reader.read(path_of(place, values.name), own);
    }
  }
  const auto tables = model.tables();
  for (std::size_t t = 0; t < tables.size(); ++t)
    read_table(reader, path_of(*tables[t], values.name), *tables[t], added[t], values.tables[t]);
}

void for_each_parameter(const TwoTower& model, std::span<const ConstParameterValues> all, bool copies_only,
                        const std::function<void(const std::string&, tensor::ConstMatrixView)>& visit) {
  const auto tables = model.tables();
  for (const ConstParameterValues& values : all) {
    for (const DenseLayout::Place& place : model.dense().places())
      visit(path_of(place, values.name), place.in(values.dense));
    for (std::size_t t = 0; t < tables.size(); ++t)
      if (!copies_only || !tables[t]->is_sharded()) visit(path_of(*tables[t], values.name), values.tables[t]);
  }
}

std::string first_not_finite(const TwoTower& model, std::span<const ConstParameterValues> all,
                             mpi::Communicator& communicator) {
  constexpr std::int64_t none = std::numeric_limits<std::int64_t>::max();
  std::vector<std::string> paths;
  std::int64_t first = none;
  for_each_parameter(model, all, false, [&](const std::string& path, tensor::ConstMatrixView values) {
    if (first == none && !tensor::all_finite(values.flat())) first = static_cast<std::int64_t>(paths.size());
    paths.push_back(path);
  });
  first = communicator.min(first);
  return first == none ? "" : paths[static_cast<std::size_t>(first)];
}

}  // namespace gemel::model
