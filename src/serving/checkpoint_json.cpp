#include "serving/checkpoint_json.hpp"

#include <nlohmann/json.hpp>
#include <vector>

namespace gemel::serving {
namespace {

using nlohmann::ordered_json;

ordered_json tower_json(const TowerSummary& tower) {
  ordered_json features = ordered_json::array();
  for (const FeatureSummary& feature : tower.features) {
    features.push_back({{"declaration", feature.declaration},
                        {"table_rows", feature.table_rows},
                        {"dim", feature.dim},
                        {"vocabulary_head", feature.head}});
  }
  return {{"features", features},
          {"table_parameters", tower.table_parameters},
          {"dense_parameters", tower.dense_parameters}};
}

ordered_json texts_json(const std::vector<TextDifference>& differences) {
  ordered_json json = ordered_json::array();
  for (const TextDifference& difference : differences)
    json.push_back({{"name", difference.name}, {"a", difference.a}, {"b", difference.b}});
  return json;
}

}  // namespace

ordered_json to_json(const CheckpointSummary& summary) {
  ordered_json json = {{"path", summary.path},
                       {"bytes", summary.bytes},
                       {"program_version", summary.program_version},
                       {"created", summary.created},
                       {"ranks", summary.ranks},
                       {"epoch", summary.epoch},
                       {"step", summary.step},
                       {"step_in_epoch", summary.step_in_epoch},
                       {"data",
                        {{"name", summary.data.name},
                         {"interactions", summary.data.interactions},
                         {"train_examples", summary.data.train_examples},
                         {"validation_examples", summary.data.validation_examples},
                         {"test_examples", summary.data.test_examples}}},
                       {"candidates", summary.items},
                       {"dim", summary.dim}};
  for (const auto& [name, value] : summary.settings) json["settings"][name] = value;
  for (const TowerSummary& tower : summary.towers) json["towers"][tower.name] = tower_json(tower);
  for (const HistorySeries& series : summary.history) json["history"][series.name] = series.values;
  for (const ParameterSummary& parameter : summary.parameters) {
    ordered_json shape = {parameter.shape.rows};
    if (parameter.shape.cols) shape.push_back(*parameter.shape.cols);
    json["parameters"].push_back({{"path", parameter.path},
                                  {"shape", shape},
                                  {"norm", parameter.norm},
                                  {"largest", parameter.largest}});
  }
  for (const StoredPart& part : summary.stored)
    json["stored"].push_back({{"what", part.what}, {"datasets", part.datasets}, {"bytes", part.bytes}});
  return json;
}

ordered_json to_json(const std::string& a, const std::string& b, const CheckpointDifference& difference) {
  ordered_json datasets = ordered_json::array();
  for (const DatasetDifference& dataset : difference.datasets) {
    ordered_json entry = {{"path", dataset.path}, {"a", dataset.a}, {"b", dataset.b}};
    if (dataset.differing) {
      entry["differing"] = *dataset.differing;
      entry["largest"] = dataset.largest;
      entry["relative"] = dataset.relative;
    }
    datasets.push_back(entry);
  }
  return {{"a", a},
          {"b", b},
          {"equal", difference.is_equal()},
          {"settings", texts_json(difference.settings)},
          {"progress", texts_json(difference.progress)},
          {"datasets", datasets},
          {"compared", difference.compared}};
}

}  // namespace gemel::serving
