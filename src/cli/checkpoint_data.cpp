#include "cli/checkpoint_data.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <span>
#include <system_error>

#include "base/error.hpp"
#include "cli/resumed_options.hpp"
#include "ingest/dataset_reader.hpp"
#include "ingest/training_data.hpp"
#include "mpi/agreement.hpp"
#include "options/rows/rows.hpp"
#include "options/settings.hpp"

namespace gemel::cli {
namespace {

bool is_of_data(const options::SavedOption& option) {
  DataOptions data;
  const std::vector<options::Option> rows = data_rows(data);
  return std::ranges::find(rows, option.name, &options::Option::name) != rows.end();
}

}  // namespace

std::vector<options::Option> data_rows(DataOptions& data) {
  std::vector<options::Option> all;
  for (std::vector<options::Option> rows : {options::source_rows(data), options::file_rows(data),
                                            options::synthetic_rows(data), options::filter_rows(data)})
    std::ranges::move(rows, std::back_inserter(all));
  return all;
}

SavedSettings read_settings(checkpoint::CheckpointReader& reader) {
  std::vector<std::string> texts = {reader.attribute<std::string>("/", "config")};
  if (reader.has_attribute("/run", "options"))
    texts.push_back(reader.attribute<std::string>("/run", "options"));
  SavedSettings saved;
  saved.path = reader.path().string();
  mpi::agree(reader.communicator(), [&] {
    for (const std::string& text : texts)
      std::ranges::move(options::saved_options(saved.path, text), std::back_inserter(saved.options));
  });
  saved.source = source_of(saved.options);
  return saved;
}

void require_source(const SavedSettings& saved, const options::OptionTable& table) {
  if (names_data(table) || !saved.source.empty()) return;
  throw base::UsageError(
      fmt::format("{}: an older version of this program wrote this checkpoint, which does not say where its "
                  "data is. Name it with --data or --ratings (the built-in data with "
                  "--synthetic-interactions)",
                  saved.path));
}

void read_saved_data(const SavedSettings& saved, options::OptionTable& table) {
  if (names_data(table)) return;
  std::vector<options::SavedOption> data = saved.options;
  std::erase_if(data, [](const options::SavedOption& option) { return !is_of_data(option); });
  table.read_saved(data, saved.path);
}

void read_saved(const SavedSettings& saved, options::OptionTable& table) {
  read_saved_data(saved, table);
  std::vector<options::SavedOption> others = saved.options;
  std::erase_if(others, [](const options::SavedOption& option) {
    // A split into files comes of the data.
    return is_of_data(option) ||
           (option.name == "split" && option.values == std::vector<std::string>{"files"});
  });
  table.read_saved(others, saved.path);
}

const ingest::Dataset& CheckpointData::get(const std::string& need, const std::string& remedy) {
  if (dataset_) return *dataset_;
  if (!source_.is_named) {
    mpi::agree(communicator_, [&] {
      if (communicator_.is_root()) require_there(need, remedy);
    });
    spdlog::info("{}: by the data of the checkpoint ({})", need, source_.saved.source);
  }
  TrainingOptions options = options_;
  dataset_ = ingest::read_data(options, communicator_, {.names = {"rating"}});
  return *dataset_;
}

void CheckpointData::require_there(const std::string& need, const std::string& remedy) const {
  const auto refuse = [&](const std::string& reason) {
    throw base::DataError(fmt::format("{}: it is not known {}: {}. Name the data with --data or --ratings{}",
                                      source_.saved.path, need, reason, remedy));
  };
  if (source_.saved.source.empty()) refuse("the checkpoint does not say where its data is");
  if (const auto missing = find_missing()) {
    refuse(fmt::format("the data that it was trained on, --{} {}, is not there", missing->option,
                       missing->path));
  }
}

std::optional<NamedPath> CheckpointData::find_missing() const {
  const auto missing = std::ranges::find_if(source_.paths, [](const NamedPath& named) {
    std::error_code ignored;  // whatever else is wrong with it, its reader tells
    return std::filesystem::status(named.path, ignored).type() == std::filesystem::file_type::not_found;
  });
  return missing == source_.paths.end() ? std::nullopt : std::optional(*missing);
}

std::optional<ingest::UserTable> CheckpointData::users(const ingest::WantedColumns& wanted) const {
  DataOptions data = options_.data;
  if (!source_.is_named) {
    // Commands may have an option --users of their own, so that the table has not read it.
    const auto saved = std::ranges::find(source_.saved.options, "users", &options::SavedOption::name);
    if (saved != source_.saved.options.end() && !saved->values.empty())
      data.files.users = saved->values.front();
  }
  std::int64_t is_there = 0;
  std::error_code ignored;
  if (communicator_.is_root()) {
    const bool may_be_there = data.files.users.empty() || std::filesystem::exists(data.files.users, ignored);
    is_there = !find_missing() && may_be_there ? 1 : 0;
    if (is_there == 0)
      spdlog::info("what is known of users is not looked up: the data is not there any more");
  }
  communicator_.broadcast(std::span(&is_there, 1));
  return is_there == 1 ? ingest::read_users(data, wanted, communicator_) : std::nullopt;
}

}  // namespace gemel::cli
