#include "options/settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "options/training_rows.hpp"

namespace gemel::options {
namespace {

using nlohmann::ordered_json;

bool is_of_result(const Option& row) {
  return row.effect == Effect::steers || row.effect == Effect::determines;
}

/// Those of the rows that are chosen, and have a value to keep, as JSON.
std::string settings_of(TrainingOptions options, bool (*is_chosen)(const Option&)) {
  ordered_json settings = ordered_json::object();
  for (const Option& row : training_rows(options)) {
    if (row.is_settled && is_chosen(row)) settings[row.name] = saved_value(row);
  }
  return settings.dump(2);
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
  return settings_of(options, is_of_result);
}

std::string run_settings(const TrainingOptions& options) {
  return settings_of(options, [](const Option& row) { return row.effect == Effect::run; });
}

std::vector<SavedOption> saved_options(const std::string& checkpoint_path, const std::string& settings) {
  std::vector<SavedOption> options;
  const ordered_json parsed = parse_settings(checkpoint_path, settings);
  for (const auto& [name, value] : parsed.items()) options.push_back({name, as_given(value)});
  return options;
}

TrainingOptions saved_training_options(const std::string& checkpoint_path, const std::string& result_settings,
                                       const std::string& run_settings) {
  TrainingOptions options;
  const std::vector<Option> rows = training_rows(options);
  for (const std::string& settings : {result_settings, run_settings}) {
    for (const SavedOption& saved : saved_options(checkpoint_path, settings)) {
      restore(rows, saved, checkpoint_path);
      if (saved.name == "split") {
        options.data.is_split_settled = true;
        options.data.takes_stored_split = false;
      }
    }
  }
  return options;
}

std::vector<std::pair<std::string, std::string>> data_settings(const TrainingOptions& options) {
  TrainingOptions copy = options;
  std::vector<std::pair<std::string, std::string>> settings;
  for (const Option& row : training_rows(copy)) {
    const bool is_used = std::ranges::all_of(row.needs, &Need::is_met);
    if (row.is_of_data) settings.emplace_back(row.name, is_used ? row.value.show() : "not used");
  }
  return settings;
}

std::vector<std::string> compare_settings(const std::string& checkpoint_path, const std::string& saved,
                                          const TrainingOptions& now) {
  // A setting that the file does not know came later than it: then it was trained as is the default.
  TrainingOptions before = saved_training_options(checkpoint_path, saved);
  TrainingOptions current = now;
  const std::vector<Option> old_rows = training_rows(before);
  const std::vector<Option> rows = training_rows(current);
  std::vector<std::string> warnings;
  std::vector<Difference> refused;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Option& row = rows[i];
    if (!is_of_result(row) || !row.is_settled || !is_of_result(old_rows[i])) continue;
    const ordered_json old_value = saved_value(old_rows[i]);
    const ordered_json value = saved_value(row);
    if (old_value == value) continue;
    const Difference difference{row.name, as_text(old_value), as_text(value)};
    if (row.effect == Effect::determines) {
      refused.push_back(difference);
    } else {
      warnings.push_back(fmt::format("--{} was {} when the checkpoint was written and is {} from here on",
                                     row.name, difference.before, difference.now));
    }
  }
  if (!refused.empty()) refuse(checkpoint_path, refused);
  return warnings;
}

bool ranks_alike(const std::string& checkpoint_path, const std::string& saved, const TrainingOptions& now) {
  return saved_training_options(checkpoint_path, saved).exclude_seen == now.exclude_seen;
}

}  // namespace gemel::options
