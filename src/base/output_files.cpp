#include "base/output_files.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "base/error.hpp"

namespace gemel::base {

void make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    throw OutputError(fmt::format("{}: cannot make this directory: {}; name another one", directory.string(),
                                  error.message()));
  }
}

OutputFiles::OutputFiles(std::filesystem::path directory, bool replace)
    : directory_(std::move(directory)), replace_(replace) {
  make_directory(directory_);
}

OutputFile& OutputFiles::add(const std::string& name) {
  return files_.emplace_back(directory_ / name, replace_);
}

std::vector<WrittenFile> OutputFiles::commit() {
  for (OutputFile& file : files_) file.finish();
  std::vector<WrittenFile> written;
  for (OutputFile& file : files_) {
    file.commit();
    written.push_back({file.path(), std::filesystem::file_size(file.path())});
  }
  return written;
}

}  // namespace gemel::base
