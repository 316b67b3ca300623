#include "cli/named_data.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "base/error.hpp"
#include "mpi/agreement.hpp"

namespace gemel::cli {
namespace {

bool is_missing(const std::string& path) {
  std::error_code ignored;  // whatever else is wrong with it, its reader tells
  return std::filesystem::status(path, ignored).type() == std::filesystem::file_type::not_found;
}

std::string remedy_for(const NamedPath& named, const std::string& checkpoint) {
  if (!named.is_saved) return "Check the path; relative paths start where the program was started.";
  const bool is_source = named.option == "data" || named.option == "train-file";
  return fmt::format("The path is that of {}. Bring it back, or give --{} PATH anew, which replaces it{}.",
                     checkpoint, named.option,
                     is_source ? "; all other settings have to be given then, too" : "");
}

}  // namespace

std::vector<NamedPath> named_data(const TrainingOptions& options, const options::OptionTable& table) {
  std::vector<NamedPath> paths;
  const auto add = [&](const char* option, const std::string& path) {
    if (!path.empty()) paths.push_back({option, path, table.is_saved(option)});
  };
  add("data", options.data.directory);
  add("train-file", options.data.files.train);
  add("validation-file", options.data.files.validation);
  add("test-file", options.data.files.test);
  return paths;
}

void require_there(const std::vector<NamedPath>& paths, const std::string& checkpoint,
                   mpi::Communicator& communicator) {
  mpi::agree(communicator, [&] {
    if (!communicator.is_root()) return;
    for (const NamedPath& named : paths) {
      if (!is_missing(named.path)) continue;
      throw base::DataError(fmt::format("--{} {}: there is no such {}. {}", named.option, named.path,
                                        named.option == "data" ? "directory" : "file",
                                        remedy_for(named, checkpoint)));
    }
  });
}

}  // namespace gemel::cli
