#include "gemel/training/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "gemel/base/error.hpp"

namespace gemel::training {
namespace {

using nlohmann::ordered_json;

/// Settings that may change when a run is resumed: they steer the training from there on.
constexpr std::array<std::string_view, 4> changeable = {"learning-rate", "temperature", "logq-correction",
                                                        "remove-accidental-hits"};

ordered_json declarations(const std::vector<std::string>& features, std::size_t default_dim) {
  auto list = ordered_json::array();
  for (const ingest::FeatureSpec& spec : parse_features(features, default_dim))
    list.push_back(spec.declaration());
  return list;
}

/// A JSON number or list as it would stand on the command line.
std::string as_option(const ordered_json& value) {
  if (!value.is_array()) return value.is_string() ? value.get<std::string>() : value.dump();
  std::string list;
  for (const auto& element : value) list += (list.empty() ? "" : ",") + as_option(element);
  return list;
}

}  // namespace

std::vector<ingest::FeatureSpec> parse_features(const std::vector<std::string>& declarations,
                                                std::size_t default_dim) {
  std::vector<ingest::FeatureSpec> specs;
  for (const std::string& declaration : declarations)
    specs.push_back(ingest::parse_feature(declaration, default_dim));
  return specs;
}

std::string result_settings(const TrainingOptions& options) {
  const ordered_json settings = {
      {"layers", options.model.layers},
      {"query-feature", declarations(options.model.query_features, options.model.embedding_dim)},
      {"candidate-feature", declarations(options.model.candidate_features, options.model.embedding_dim)},
      {"batch-size", options.batch_size},
      {"lanes", options.lanes},
      {"seed", options.seed},
      {"split-seed", options.data.split_seed},
      {"test-fraction", options.data.test_fraction},
      {"top-k", options.top_k},
      {"learning-rate", options.adagrad.learning_rate},
      {"temperature", options.loss.temperature},
      {"logq-correction", options.loss.logq_correction},
      {"remove-accidental-hits", options.loss.remove_accidental_hits}};
  return settings.dump(2);
}

std::vector<std::string> compare_settings(const std::string& checkpoint_path, const std::string& saved,
                                          const std::string& current) {
  const ordered_json before = ordered_json::parse(saved, nullptr, false);
  if (!before.is_object()) {
    throw base::CheckpointError(
        fmt::format("{}: its settings (attribute config) are not JSON", checkpoint_path));
  }
  std::vector<std::string> warnings;
  const ordered_json now = ordered_json::parse(current);
  for (const auto& [name, value] : now.items()) {
    const ordered_json old_value = before.value(name, ordered_json());
    if (old_value == value) continue;
    const bool may_change = std::find(changeable.begin(), changeable.end(), name) != changeable.end();
    if (!may_change) {
      throw base::CheckpointError(fmt::format(
          "{}: was trained with --{} {}, this run has {}; give --{} {}, or start afresh without --resume",
          checkpoint_path, name, as_option(old_value), as_option(value), name, as_option(old_value)));
    }
    warnings.push_back(fmt::format("--{} was {} when the checkpoint was written and is {} from here on", name,
                                   as_option(old_value), as_option(value)));
  }
  return warnings;
}

}  // namespace gemel::training
