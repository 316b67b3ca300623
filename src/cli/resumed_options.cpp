#include "cli/resumed_options.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "mpi/agreement.hpp"
#include "options/settings.hpp"

namespace gemel::cli {
namespace {

/// Each of them says which data it is. The first one that a checkpoint has is enough for a message.
constexpr const char* sources[] = {
    "data", "ratings", "train-file", "synthetic-interactions", "synthetic-users", "synthetic-items"};

/// Those that can be given, beside what the user gives.
std::vector<options::SavedOption> options_of(const run::EarlierCheckpoint& earlier,
                                             const options::OptionTable& table) {
  const std::string path = earlier.path().string();
  std::vector<options::SavedOption> saved = options::saved_options(path, earlier.config());
  std::ranges::move(options::saved_options(path, earlier.options()), std::back_inserter(saved));
  std::erase_if(saved, [&](const options::SavedOption& option) {
    const bool is_feature = option.name == "query-feature" || option.name == "candidate-feature";
    // Saved features have their widths with them. A split into files comes of the data.
    return (is_feature && table.is_given("embedding-dim")) ||
           (option.name == "split" && option.values == std::vector<std::string>{"files"});
  });
  return saved;
}

void read_into(options::OptionTable& table, const run::EarlierCheckpoint& earlier) {
  const std::vector<options::SavedOption> saved = options_of(earlier, table);
  const std::string path = earlier.path().string();
  const std::string source = source_of(saved);
  if (source.empty()) {
    throw base::UsageError(
        fmt::format("--resume {}: an older version of this program wrote this checkpoint, which does not say "
                    "where its data "
                    "is: {}, {} interactions. Name it with --data or --ratings (the built-in data with "
                    "--synthetic-interactions), and give the settings again",
                    path, earlier.data().name, earlier.data().interactions));
  }
  table.read_saved(saved, path);
  spdlog::info("data ({}) and settings are those of {}; only what is given with --resume changes", source,
               path);
}

/// A fresh run on the built-in data is not what somebody wants who wants to go on.
void require_data(const TrainingOptions& options, const options::OptionTable& table) {
  if (names_data(table)) return;
  throw base::UsageError(fmt::format(
      "--resume auto: {} holds no checkpoint to go on from, and no data is named to begin with. Check "
      "--checkpoint-dir, or name the data: --data, --ratings, or --synthetic-interactions for the "
      "built-in one",
      options.checkpoint.directory));
}

}  // namespace

bool names_data(const options::OptionTable& table) {
  return std::ranges::any_of(sources, [&](const char* name) { return table.is_given(name); });
}

std::string source_of(const std::vector<options::SavedOption>& saved) {
  for (const char* source : sources) {
    const auto found = std::ranges::find(saved, source, &options::SavedOption::name);
    if (found != saved.end()) return fmt::format("--{} {}", source, fmt::join(found->values, ","));
  }
  return "";
}

std::unique_ptr<run::EarlierCheckpoint> read_resumed_options(TrainingOptions& options,
                                                             options::OptionTable& table,
                                                             mpi::Communicator& communicator) {
  std::string& resume = options.checkpoint.resume;
  if (resume != "auto" && names_data(table)) return nullptr;
  auto earlier = run::EarlierCheckpoint::open(options.checkpoint, communicator);
  if (earlier) {
    resume = earlier->path().string();
    if (!names_data(table)) mpi::agree(communicator, [&] { read_into(table, *earlier); });
  } else if (resume == "auto") {  // the run begins afresh, and says so
    mpi::agree(communicator, [&] { require_data(options, table); });
  }
  return earlier;
}

}  // namespace gemel::cli
