#include "base/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/error.hpp"

namespace gemel::base {
namespace {

[[noreturn]] void fail(const char* what, const std::filesystem::path& path, int error) {
  throw OutputError(fmt::format("{}: cannot {} this file: {}", path.string(), what,
                                std::generic_category().message(error)));
}

std::filesystem::path unfinished_name(const std::filesystem::path& path) {
  const std::string name = fmt::format(".{}.{}.unfinished", path.filename().string(), ::getpid());
  return path.parent_path() / name;
}

}  // namespace

void require_free(const std::filesystem::path& path, bool replace) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::symlink_status(path, error);
  if (!std::filesystem::exists(status)) return;
  if (std::filesystem::is_directory(status))
    throw OutputError(fmt::format("{}: this is a directory; name a file", path.string()));
  if (!replace)
    throw OutputError(fmt::format("{}: this file exists already; give --force to replace it, or another name",
                                  path.string()));
}

OutputFile::OutputFile(std::filesystem::path path, bool replace)
    : path_(std::move(path)), unfinished_(unfinished_name(path_)), replace_(replace) {
  require_free(path_, replace);
  file_.reset(std::fopen(unfinished_.c_str(), "wbe"));
  if (!file_) fail("create", path_, errno);
}

OutputFile::~OutputFile() {
  if (!file_) return;
  std::error_code ignored;
  std::filesystem::remove(unfinished_, ignored);
}

void OutputFile::reserve(std::uint64_t bytes) {
  const int error = ::posix_fallocate(fileno(file_.get()), 0, static_cast<off_t>(bytes));
  if (error != 0) fail("write", path_, error);
}

void OutputFile::shorten(std::uint64_t bytes) {
  if (::ftruncate(fileno(file_.get()), static_cast<off_t>(bytes)) != 0) fail("write", path_, errno);
}

void OutputFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) fail("write", path_, errno);
  size_ += bytes.size();
}

void OutputFile::finish() {
  if (std::fflush(file_.get()) != 0) fail("write", path_, errno);
  if (::fsync(fileno(file_.get())) != 0) fail("write", path_, errno);
}

void OutputFile::commit() {
  finish();
  require_free(path_, replace_);  // somebody may have been quicker
  if (std::rename(unfinished_.c_str(), path_.c_str()) != 0) fail("name", path_, errno);
  file_.reset();
}

}  // namespace gemel::base
