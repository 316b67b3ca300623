#include "options/settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "features/declarations.hpp"
#include "gemel/metrics.hpp"

namespace gemel::options {
namespace {

using nlohmann::ordered_json;

/// Settings that may change when a run is resumed: they steer the training from there on.
constexpr std::array changeable = std::to_array<std::string_view>({"learning-rate",
                                                                   "beta-1",
                                                                   "beta-2",
                                                                   "epsilon",
                                                                   "weight-decay",
                                                                   "clip-norm",
                                                                   "learning-rate-schedule",
                                                                   "warmup-steps",
                                                                   "final-learning-rate-share",
                                                                   "epochs",
                                                                   "temperature",
                                                                   "logq-correction",
                                                                   "logq-strength",
                                                                   "remove-accidental-hits",
                                                                   "partition-weight",
                                                                   "loss-reduction",
                                                                   "negatives",
                                                                   "extra-negatives",
                                                                   "negative-distribution",
                                                                   "negative-power",
                                                                   "hard-negatives",
                                                                   "label-smoothing",
                                                                   "mask-seen",
                                                                   "weight-column",
                                                                   "unknown-share",
                                                                   "dropout",
                                                                   "query-dropout",
                                                                   "candidate-dropout",
                                                                   "embedding-l2",
                                                                   "top-k",
                                                                   "metrics",
                                                                   "exclude-seen"});

bool is_among(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

/// The name of `value` in one of the tables of names.
template <class T>
std::string name_of(T value, const std::vector<std::pair<std::string, T>>& names) {
  return std::find_if(names.begin(), names.end(), [&](const auto& entry) { return entry.second == value; })
      ->first;
}

/// Where the data is.
ordered_json data_source(const DataOptions& data) {
  ordered_json source = ordered_json::object();
  const auto add_path = [&](const char* name, const std::string& path) {
    if (!path.empty()) source[name] = std::filesystem::absolute(path).lexically_normal().string();
  };
  if (!data.files.train.empty()) {
    add_path("train-file", data.files.train);
    add_path("validation-file", data.files.validation);
    add_path("test-file", data.files.test);
    source["file-format"] = name_of(data.files.format, file_format_names());
    if (!data.files.columns.empty()) source["columns"] = data.files.columns.describe(",");
  } else if (!data.directory.empty()) {
    add_path("data", data.directory);
  } else {
    source["synthetic-users"] = data.synthetic.users;
    source["synthetic-items"] = data.synthetic.items;
    source["synthetic-interactions"] = data.synthetic.interactions;
  }
  return source;
}

/// Without the width of the embedding where it is `default_dim`, as in the defaults.
std::string short_declaration(const std::string& feature, std::size_t default_dim) {
  const std::string dim = fmt::format(":{}", default_dim);
  if (!feature.ends_with(dim)) return feature;
  const std::string shorter = feature.substr(0, feature.size() - dim.size());
  try {
    const bool is_same = features::parse_feature(shorter, default_dim).declaration() ==
                         features::parse_feature(feature, default_dim).declaration();
    return is_same ? shorter : feature;
  } catch (const base::UsageError&) {  // the number was something else
    return feature;
  }
}

ordered_json declarations(const std::vector<std::string>& features, std::size_t default_dim) {
  auto list = ordered_json::array();
  for (const features::FeatureSpec& spec : features::parse_features(features, default_dim))
    list.push_back(spec.declaration());
  return list;
}

/// In one order, however they were given.
std::vector<std::string> metric_names(const std::vector<MetricKind>& metrics) {
  std::vector<std::string> names;
  for (const auto& [name, kind] : metric_kinds()) {
    if (std::ranges::find(metrics, kind) != metrics.end()) names.push_back(name);
  }
  return names;
}

/// A JSON number or list as it would stand on the command line.
std::string as_option(const ordered_json& value) {
  if (value.is_array() && value.empty()) return "none";
  if (value.is_number_float()) {
    const auto number = value.get<double>();
    const auto single = static_cast<float>(number);  // what most options are: 0.1, not 0.10000000149011612
    return static_cast<double>(single) == number ? fmt::format("{}", single) : fmt::format("{}", number);
  }
  if (!value.is_array()) return value.is_string() ? value.get<std::string>() : value.dump();
  std::string list;
  for (const auto& element : value) list += (list.empty() ? "" : ",") + as_option(element);
  return list;
}

/// A value of a checkpoint as it is spelt today.
ordered_json as_spelt_today(const std::string& name, const ordered_json& value) {
  if (name == "exclude-seen" && value.is_boolean()) return value.get<bool>() ? "train" : "none";
  return value;
}

ordered_json parse_settings(const std::string& checkpoint_path, const std::string& settings) {
  ordered_json parsed = ordered_json::parse(settings, nullptr, false);
  if (parsed.is_object()) return parsed;
  throw base::CheckpointError(
      fmt::format("{}: its settings (attribute config) are not JSON", checkpoint_path));
}

/// An option and its values in a checkpoint and in the run that is to go on from it, as they would be given.
struct Difference {
  std::string name;
  std::string before;
  std::string now;
};

/// "give --layers 64,32 --split time, leave out --test-file and --validation-file".
std::string remedy_for(const std::vector<Difference>& differences) {
  std::string given;
  std::vector<std::string> remedies;
  for (const auto& [name, before, now] : differences) {
    const bool is_split = name == "split";
    if (is_split && before == "files") {
      remedies.emplace_back("give data that comes split into files");
      continue;
    }
    given += fmt::format(" --{} {}", name, before);
    if (is_split && now == "files") remedies.emplace_back("leave out --test-file and --validation-file");
  }
  if (!given.empty()) remedies.insert(remedies.begin(), "give" + given);
  return fmt::format("{}", fmt::join(remedies, ", "));
}

[[noreturn]] void refuse(const std::string& checkpoint_path, const std::vector<Difference>& differences) {
  std::vector<std::string> told;
  for (const auto& [name, before, now] : differences) {
    told.push_back(fmt::format("with --{} {}, this run has {}", name, before, now));
  }
  throw base::CheckpointError(fmt::format("{}: was trained {}; {}, or start afresh without --resume",
                                          checkpoint_path, fmt::join(told, "; "), remedy_for(differences)));
}

}  // namespace

std::string result_settings(const TrainingOptions& options) {
  const OptimizerOptions& optimizer = options.optimizer;
  const LossOptions& loss = options.loss;
  ordered_json settings = {
      {"layers", options.model.layers},
      {"normalize", options.model.normalize},
      {"item-bias", options.model.item_bias},
      {"embedding-range", options.model.embedding_range},
      {"unknown-share", options.model.unknown_share},
      {"dropout", options.model.dropout},
      {"query-dropout", options.model.query_dropout},
      {"candidate-dropout", options.model.candidate_dropout},
      {"query-feature", declarations(options.model.query_features, options.model.embedding_dim)},
      {"candidate-feature", declarations(options.model.candidate_features, options.model.embedding_dim)},
      {"batch-size", options.batch_size},
      {"lanes", options.lanes},
      {"seed", options.seed},
      {"split-seed", options.data.split_seed},
      {"test-fraction", options.data.test_fraction},
      {"split", name_of(options.data.split, split_names())},
      {"validation-fraction", options.data.validation_fraction},
      {"folds", options.data.folds},
      {"fold", options.data.fold},
      {"weight-column", options.data.weight_column.empty() ? "none" : options.data.weight_column},
      {"top-k", options.top_k},
      {"metrics", metric_names(options.metrics)},
      {"exclude-seen", name_of(options.exclude_seen, seen_items_names())},
      {"optimizer", name_of(optimizer.kind, optimizer_names())},
      {"learning-rate", optimizer.learning_rate.peak},
      {"momentum", optimizer.momentum},
      {"beta-1", optimizer.beta_1},
      {"beta-2", optimizer.beta_2},
      {"epsilon", optimizer.epsilon},
      {"weight-decay", optimizer.weight_decay},
      {"embedding-l2", optimizer.embedding_l2},
      {"average-weights", optimizer.average_decay},
      {"clip-norm", optimizer.clip_norm},
      {"learning-rate-schedule", name_of(optimizer.learning_rate.schedule, schedule_names())},
      {"warmup-steps", optimizer.learning_rate.warmup_steps},
      {"final-learning-rate-share", optimizer.learning_rate.final_share},
      {"temperature", loss.temperature},
      {"logq-correction", loss.logq_correction},
      {"logq-strength", loss.logq_strength},
      {"remove-accidental-hits", loss.remove_accidental_hits},
      {"partition-weight", loss.partition_weight},
      {"loss-reduction", name_of(loss.reduction, loss_reduction_names())},
      {"negatives", name_of(loss.negatives, negative_source_names())},
      {"extra-negatives", loss.extra_negatives},
      {"negative-distribution", name_of(loss.negative_distribution, negative_distribution_names())},
      {"negative-power", loss.negative_power},
      {"hard-negatives", loss.hard_negatives},
      {"learned-temperature", loss.learned_temperature},
      {"label-smoothing", loss.label_smoothing},
      {"mask-seen", loss.mask_seen}};
  // How long a run goes on does not shape its steps, unless the learning rate falls towards its end.
  if (optimizer.learning_rate.schedule == ScheduleKind::cosine) settings["epochs"] = options.epochs;
  // What the data has yet to settle is no setting yet.
  if (options.model.adapt_query_features) settings.erase("query-feature");
  if (options.model.adapt_candidate_features) settings.erase("candidate-feature");
  const bool has_own_data = !options.data.directory.empty() || !options.data.files.train.empty();
  if (has_own_data && !options.data.is_split_settled) settings.erase("split");
  return settings.dump(2);
}

std::string run_settings(const TrainingOptions& options) {
  const CheckpointOptions& checkpoints = options.checkpoint;
  const bool by_epochs = checkpoints.every.unit == Interval::Unit::epochs;
  ordered_json settings = {
      {"epochs", options.epochs},
      {"embedding-dim", options.model.embedding_dim},
      {"validate-every", options.validate_every},
      {"monitor", options.monitor.empty() ? "none" : options.monitor},
      {"patience", options.patience},
      {"checkpoint-every", fmt::format("{}{}", checkpoints.every.count, by_epochs ? "epochs" : "steps")},
      {"keep", checkpoints.keep},
      {"keep-best", checkpoints.keep_best},
      {"freeze-vocabulary", options.freeze_vocabulary}};
  settings.update(data_source(options.data));
  return settings.dump(2);
}

std::vector<SavedOption> saved_options(const std::string& checkpoint_path, const std::string& settings) {
  std::vector<SavedOption> options;
  const ordered_json parsed = parse_settings(checkpoint_path, settings);
  for (const auto& [name, value] : parsed.items()) {
    SavedOption option{name, {}};
    if (value.is_array()) {
      for (const auto& element : value) option.values.push_back(as_option(element));
    } else {
      option.values.push_back(as_option(value));
    }
    options.push_back(std::move(option));
  }
  return options;
}

bool ranks_alike(const std::string& saved, const std::string& current) {
  const auto of = [](const std::string& settings) {
    return as_spelt_today("exclude-seen",
                          ordered_json::parse(settings).value("exclude-seen", ordered_json("none")));
  };
  return of(saved) == of(current);
}

std::vector<std::pair<std::string, std::string>> data_settings(const TrainingOptions& options) {
  const auto joined = [&](const std::vector<std::string>& features) {
    std::vector<std::string> texts;
    for (const std::string& feature : features)
      texts.push_back(short_declaration(feature, options.model.embedding_dim));
    return fmt::format("{}", fmt::join(texts, " "));
  };
  std::vector<std::pair<std::string, std::string>> settings = {
      {"query-feature", joined(options.model.query_features)},
      {"candidate-feature", joined(options.model.candidate_features)},
      {"split", name_of(options.data.split, split_names())}};
  using Kind = SplitKind;
  const Kind split = options.data.split;
  if (split != Kind::random && split != Kind::time) settings.emplace_back("test-fraction", "not used");
  if (!options.data.files.train.empty()) settings.emplace_back("data", "not used");
  if (split != Kind::k_fold) settings.insert(settings.end(), {{"folds", "not used"}, {"fold", "not used"}});
  return settings;
}

std::vector<std::string> compare_settings(const std::string& checkpoint_path, const std::string& saved,
                                          const std::string& current) {
  const ordered_json before = parse_settings(checkpoint_path, saved);
  std::vector<std::string> warnings;
  std::vector<Difference> refused;
  const ordered_json now = ordered_json::parse(current);
  const TrainingOptions default_options;
  const ordered_json defaults = ordered_json::parse(result_settings(default_options));
  for (const auto& [name, value] : now.items()) {
    // A setting that the file does not know came later than it: then it was trained as is the default.
    const ordered_json old_value =
        as_spelt_today(name, before.value(name, defaults.value(name, ordered_json())));
    if (old_value.is_null() || old_value == value) continue;
    const Difference difference{name, as_option(old_value), as_option(value)};
    // A learned temperature goes on from where it was: another first value would be ignored.
    const bool is_learned = name == "temperature" && now.value("learned-temperature", false);
    if (is_learned || !is_among(name, changeable)) {
      refused.push_back(difference);
    } else {
      warnings.push_back(fmt::format("--{} was {} when the checkpoint was written and is {} from here on",
                                     name, difference.before, difference.now));
    }
  }
  if (!refused.empty()) refuse(checkpoint_path, refused);
  return warnings;
}

}  // namespace gemel::options
