#include "features/features_file.hpp"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "ingest/vocabulary_file.hpp"

namespace gemel::features {
namespace {

using nlohmann::ordered_json;

std::string vocabulary_path(const std::string& tower, const FittedFeature& feature) {
  return fmt::format("/{}/vocabulary/{}", tower, feature.spec.name());
}

std::string describe(const std::vector<FittedFeature>& features) {
  auto list = ordered_json::array();
  for (const FittedFeature& feature : features) {
    ordered_json entry = {{"name", feature.spec.name()}, {"declaration", feature.spec.declaration()}};
    feature.spec.kind->write(entry);
    list.push_back(entry);
  }
  return list.dump(2);
}

FittedFeature read_feature(const nlohmann::json& entry) {
  FittedFeature feature;
  feature.spec = parse_feature(entry.at("declaration").get<std::string>(), 0);
  std::unique_ptr<Kind> kind = feature.spec.kind->clone();
  kind->read(entry);
  feature.spec.kind = std::move(kind);
  return feature;
}

}  // namespace

void write_features(checkpoint::CheckpointWriter& writer, const std::string& tower,
                    const std::vector<FittedFeature>& features) {
  const std::string description = describe(features);
  writer.write(fmt::format("/{}/features", tower), std::span<const std::string>(&description, 1));
  for (const FittedFeature& feature : features) {
    if (feature.vocabulary.rows == 0) continue;
    ingest::write_vocabulary(writer, vocabulary_path(tower, feature), feature.vocabulary);
  }
}

std::vector<FittedFeature> read_features(checkpoint::CheckpointReader& reader, const std::string& tower) {
  const std::string path = fmt::format("/{}/features", tower);
  const auto text = reader.read_vector<std::string>(path);
  const auto entries = nlohmann::json::parse(text.empty() ? "" : text.front(), nullptr, false);
  std::vector<FittedFeature> features;
  try {
    for (const auto& entry : entries) features.push_back(read_feature(entry));
  } catch (const nlohmann::json::exception&) {
    reader.refuse(path + " does not describe features; use another checkpoint");
  } catch (const base::UsageError& error) {
    reader.refuse(fmt::format("{}: {}", path, error.what()));
  }
  for (FittedFeature& feature : features) {
    const std::string vocabulary = vocabulary_path(tower, feature);
    if (reader.has(vocabulary)) feature.vocabulary = ingest::read_vocabulary(reader, vocabulary);
  }
  return features;
}

}  // namespace gemel::features
