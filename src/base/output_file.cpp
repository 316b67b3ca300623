#include "base/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "base/file_calls.hpp"

namespace gemel::base {
namespace {

constexpr std::size_t buffered = 256 * 1024;  // bytes

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
    : path_(std::move(path)), unfinished_(unfinished_name(path_)), entry_(unfinished_), replace_(replace) {
  require_free(path_, replace);
  descriptor_ = file_calls().open(unfinished_.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0666);
  if (descriptor_ < 0) fail("create", path_, errno);
}

OutputFile::~OutputFile() {
  if (descriptor_ < 0) return;
  file_calls().close(descriptor_);
  file_calls().unlink(unfinished_.c_str());
}

void OutputFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (const int error = write_all(descriptor_, offset, bytes)) fail("write", path_, error);
  size_ = std::max(size_, offset + bytes.size());
}

void OutputFile::write(std::string_view bytes) {
  buffer_ += bytes;
  size_ += bytes.size();
  if (buffer_.size() >= buffered) flush();
}

void OutputFile::flush() {
  const std::string bytes = std::exchange(buffer_, {});
  write_at(size_ - bytes.size(), std::as_bytes(std::span(bytes)));
}

void OutputFile::finish() {
  flush();
  if (const int error = sync_all(descriptor_)) fail("write", path_, error);
}

void OutputFile::commit() {
  finish();
  require_free(path_, replace_);  // somebody may have been quicker
  if (file_calls().rename(unfinished_.c_str(), path_.c_str()) != 0) fail("name", path_, errno);
  file_calls().close(std::exchange(descriptor_, -1));
}

}  // namespace gemel::base
