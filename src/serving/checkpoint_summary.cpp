#include "serving/checkpoint_summary.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>
#include <tuple>

#include "exchange/exact_sum.hpp"
#include "features/features_file.hpp"
#include "ingest/data_identity_file.hpp"
#include "options/settings.hpp"
#include "serving/dataset_scan.hpp"
#include "tensor/arithmetic.hpp"

namespace gemel::serving {
namespace {

using checkpoint::CheckpointReader;
using checkpoint::DatasetInfo;

constexpr std::int64_t head_strings = 5;

bool begins_with_tower(std::string_view path) {
  return path.starts_with("/query/") || path.starts_with("/candidate/") || path.starts_with("/loss/");
}

std::string_view last_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

/// Whether it is a parameter itself, not what an optimiser keeps beside it.
bool is_weights(std::string_view path) {
  if (!begins_with_tower(path)) return false;
  const std::string_view name = last_name(path);
  return name == "weights" || name == "kernel" || name == "bias" || path == "/loss/log_temperature";
}

/// Where the averages of a parameter are.
std::string average_path(const std::string& weights) {
  return last_name(weights) == "weights" ? weights.substr(0, weights.rfind('/')) + "/average"
                                         : weights + "_average";
}

std::string part_of(const DatasetInfo& dataset) {
  const std::string& path = dataset.path;
  if (is_weights(path)) return "weights";
  if (path.find("/vocabulary/") != std::string::npos) return "vocabularies";
  if (path == "/query/features" || path == "/candidate/features") return "features";
  if (begins_with_tower(path))
    return path.ends_with("average") ? "averages of weights" : "state of the optimiser";
  return std::string(path.substr(1, path.find('/', 1) - 1));
}

std::vector<StoredPart> stored_parts(const std::vector<DatasetInfo>& datasets) {
  std::vector<StoredPart> parts;
  for (const DatasetInfo& dataset : datasets) {
    const std::string what = part_of(dataset);
    auto part = std::ranges::find(parts, what, &StoredPart::what);
    if (part == parts.end()) part = parts.insert(part, {what, 0, 0});
    ++part->datasets;
    part->bytes += static_cast<std::int64_t>(dataset.bytes());
  }
  std::ranges::sort(parts, std::ranges::greater{}, &StoredPart::bytes);
  return parts;
}

ParameterSummary summarize_parameter(CheckpointReader& reader, const DatasetInfo& dataset) {
  std::vector<double> squares;
  double largest = 0;
  for_each_chunk(dataset, reader.communicator(), [&](const RowChunk& chunk) {
    const std::vector<std::byte> bytes = reader.read_bytes(dataset.path, chunk.first, chunk.count);
    const std::span values(reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float));
    squares.push_back(tensor::sum_of_squares(values));
    for (const float value : values) largest = std::max(largest, std::abs(static_cast<double>(value)));
  });
  return {dataset.path, dataset.shape, std::sqrt(exchange::exact_sum(squares, reader.communicator())),
          reader.communicator().max(largest)};
}

std::vector<ParameterSummary> summarize_parameters(CheckpointReader& reader,
                                                   const std::vector<DatasetInfo>& datasets) {
  std::vector<ParameterSummary> parameters;
  for (const DatasetInfo& dataset : datasets) {
    if (!is_weights(dataset.path)) continue;
    const auto average = std::ranges::find(datasets, average_path(dataset.path), &DatasetInfo::path);
    parameters.push_back(summarize_parameter(reader, average == datasets.end() ? dataset : *average));
  }
  return parameters;
}

std::int64_t values_in(const hdf5::Shape& shape) {
  return static_cast<std::int64_t>(shape.rows * shape.values_per_row());
}

TowerSummary summarize_tower(CheckpointReader& reader, const std::string& name,
                             const std::vector<DatasetInfo>& datasets) {
  TowerSummary tower{name, {}, 0, 0};
  for (const features::FittedFeature& feature : features::read_features(reader, name)) {
    FeatureSummary summary{feature.spec.declaration(), feature.table_rows(), feature.spec.dim, {}};
    const ingest::VocabularyBlock& vocabulary = feature.vocabulary;
    const std::int64_t first = std::min(feature.special_rows(), vocabulary.rows);
    const std::int64_t last =
        std::min(first + head_strings, static_cast<std::int64_t>(vocabulary.strings.size()));
    for (std::int64_t row = first; vocabulary.first == 0 && row < last; ++row)
      summary.head.emplace_back(vocabulary.strings[static_cast<std::size_t>(row)]);
    tower.features.push_back(std::move(summary));
  }
  for (const DatasetInfo& dataset : datasets) {
    if (!is_weights(dataset.path) || !dataset.path.starts_with("/" + name + "/")) continue;
    const bool is_table = last_name(dataset.path) == "weights";
    (is_table ? tower.table_parameters : tower.dense_parameters) += values_in(dataset.shape);
  }
  return tower;
}

std::vector<HistorySeries> read_history(CheckpointReader& reader, const std::vector<DatasetInfo>& datasets) {
  std::vector<HistorySeries> history;
  for (const DatasetInfo& dataset : datasets) {
    if (dataset.path.starts_with("/history/") && dataset.element == hdf5::Element::float64)
      history.push_back({std::string(last_name(dataset.path)), reader.read_vector<double>(dataset.path)});
  }
  std::ranges::sort(history, {}, [](const HistorySeries& series) {
    const std::string stem = series.name.substr(0, series.name.rfind('_'));
    return std::tuple(series.name != "loss", stem, series.name.size(), series.name);  // top_5 before top_10
  });
  return history;
}

/// What is not as in a run that was told nothing.
std::vector<std::pair<std::string, std::string>> changed_settings(const std::string& path,
                                                                  const std::string& settings,
                                                                  const std::string& defaults) {
  std::vector<std::pair<std::string, std::string>> changed;
  const std::vector<options::SavedOption> usual = options::saved_options(path, defaults);
  for (const options::SavedOption& option : options::saved_options(path, settings)) {
    const auto same = std::ranges::find(usual, option.name, &options::SavedOption::name);
    if (same != usual.end() && same->values == option.values) continue;
    std::string text;
    for (const std::string& value : option.values) text += (text.empty() ? "" : " ") + value;
    changed.emplace_back(option.name, std::move(text));
  }
  return changed;
}

/// Collective.
std::int64_t file_bytes(CheckpointReader& reader) {
  std::int64_t bytes = 0;
  std::error_code ignored;
  if (reader.communicator().is_root())
    bytes = static_cast<std::int64_t>(std::filesystem::file_size(reader.path(), ignored));
  reader.communicator().broadcast(std::span(&bytes, 1));
  return bytes;
}

}  // namespace

CheckpointSummary summarize(CheckpointReader& reader) {
  const std::vector<DatasetInfo> datasets = reader.datasets();
  CheckpointSummary summary;
  summary.path = reader.path().string();
  summary.bytes = file_bytes(reader);
  summary.program_version = reader.attribute<std::string>("/", "program_version");
  summary.created = reader.attribute<std::string>("/run", "created");
  summary.ranks = reader.attribute<std::int64_t>("/run", "ranks");
  summary.epoch = reader.attribute<std::int64_t>("/", "epoch");
  summary.step = reader.attribute<std::int64_t>("/", "step");
  summary.step_in_epoch = reader.attribute<std::int64_t>("/", "step_in_epoch");
  summary.data = ingest::read_data_identity(reader);
  const TrainingOptions defaults;
  summary.settings = changed_settings(summary.path, reader.attribute<std::string>("/", "config"),
                                      options::result_settings(defaults));
  if (reader.has_attribute("/run", "options")) {
    std::ranges::move(changed_settings(summary.path, reader.attribute<std::string>("/run", "options"),
                                       options::run_settings(defaults)),
                      std::back_inserter(summary.settings));
  }
  for (const char* tower : {"query", "candidate"})
    summary.towers.push_back(summarize_tower(reader, tower, datasets));
  const hdf5::Shape vectors = reader.shape("/catalogue/vector");
  summary.items = static_cast<std::int64_t>(vectors.rows);
  summary.dim = vectors.values_per_row();
  summary.history = read_history(reader, datasets);
  summary.parameters = summarize_parameters(reader, datasets);
  summary.stored = stored_parts(datasets);
  return summary;
}

}  // namespace gemel::serving
