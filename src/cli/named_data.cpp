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
  const bool is_source = named.option == "data" || named.option == "ratings" || named.option == "train-file";
  return fmt::format("The path is that of {}. Bring it back, or give --{} PATH anew, which replaces it{}.",
                     checkpoint, named.option,
                     is_source ? "; all other settings have to be given then, too" : "");
}

}  // namespace

std::vector<NamedPath> named_data(const options::OptionTable& table) {
  std::vector<NamedPath> paths;
  for (const options::Option& option : table.options()) {
    if (!option.value.inputs) continue;
    for (const std::string& path : option.value.inputs())
      paths.push_back({option.name, path, table.is_saved(option.name)});
  }
  return paths;
}

void require_there(const std::vector<NamedPath>& paths, const std::string& checkpoint,
                   mpi::Communicator& communicator) {
  mpi::agree(communicator, [&] {
    if (!communicator.is_root()) return;
    for (const NamedPath& named : paths) {
      const bool is_pattern = named.path.find_first_of("*?[") != std::string::npos;
      if (is_pattern || !is_missing(named.path)) continue;
      throw base::DataError(fmt::format("--{} {}: there is no such {}. {}", named.option, named.path,
                                        named.option == "data" ? "directory" : "file",
                                        remedy_for(named, checkpoint)));
    }
  });
}

}  // namespace gemel::cli
