#include "checkpoint/durable_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/file_calls.hpp"

namespace gemel::checkpoint {
namespace {

using base::file_calls;

[[noreturn]] void fail(const char* what, const std::filesystem::path& path, int error) {
  throw FileCallError(what, path, error);
}

}  // namespace

FileCallError::FileCallError(const char* what, const std::filesystem::path& path, int number)
    : CheckpointError(
          fmt::format("cannot {} {}: {}", what, path.string(), std::generic_category().message(number))),
      error(number) {}

OpenFile::OpenFile(const char* what, const std::filesystem::path& path, int flags)
    : descriptor_(file_calls().open(path.c_str(), flags, 0666)), path_(path) {
  if (descriptor_ < 0) fail(what, path, errno);
}

OpenFile OpenFile::create(const std::filesystem::path& path) {
  return {"create", path, O_CREAT | O_EXCL | O_WRONLY};
}

OpenFile OpenFile::open_to_write(const std::filesystem::path& path) {
  return {"open", path, O_WRONLY};
}

OpenFile OpenFile::open_to_read(const std::filesystem::path& path) {
  return {"open", path, O_RDONLY | O_NONBLOCK};
}

OpenFile::OpenFile(OpenFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

OpenFile& OpenFile::operator=(OpenFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

OpenFile::~OpenFile() {
  if (is_open()) file_calls().close(descriptor_);
}

bool OpenFile::is_regular() const {
  struct stat status {};
  if (file_calls().fstat(descriptor_, &status) != 0) fail("look at", path_, errno);
  return S_ISREG(status.st_mode);
}

std::uint64_t OpenFile::size() const {
  struct stat status {};
  if (file_calls().fstat(descriptor_, &status) != 0) fail("look at", path_, errno);
  return static_cast<std::uint64_t>(status.st_size);
}

void OpenFile::reserve(std::uint64_t bytes) {
  if (file_calls().fallocate(descriptor_, 0, static_cast<off_t>(bytes)) == 0) return;
  if (errno != EOPNOTSUPP && errno != ENOSYS) fail("set space aside in", path_, errno);
}

void OpenFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  require_file_size_allowed(offset + bytes.size());
  if (const int error = base::write_all(descriptor_, offset, bytes)) fail("write", path_, error);
}

void OpenFile::read_at(std::uint64_t offset, std::span<std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t read =
        file_calls().pread(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) fail("read", path_, errno);
    if (read == 0) throw FileEndsEarly(fmt::format("it ends before byte {}", offset + 1));
    bytes = bytes.subspan(static_cast<std::size_t>(read));
    offset += static_cast<std::uint64_t>(read);
  }
}

void OpenFile::sync() {
  if (const int error = base::sync_all(descriptor_)) fail("sync", path_, error);
}

void OpenFile::close() {
  if (!is_open()) return;
  if (file_calls().close(std::exchange(descriptor_, -1)) != 0) fail("close", path_, errno);
}

void require_file_size_allowed(std::uint64_t bytes) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || bytes <= limit.rlim_cur)
    return;
  throw base::CheckpointError(
      fmt::format("the file needs {} bytes, more than this process may write ({}, see ulimit -f)", bytes,
                  limit.rlim_cur));
}

void sync_directory(const std::filesystem::path& directory) {
  const int descriptor = file_calls().open(directory.c_str(), O_RDONLY | O_DIRECTORY, 0);
  if (descriptor < 0) fail("open", directory, errno);
  const int error = file_calls().fsync(descriptor) == 0 ? 0 : errno;
  file_calls().close(descriptor);
  // Some network file systems cannot sync a directory (EINVAL); they make a rename durable by themselves.
  if (error != 0 && error != EINVAL) fail("sync", directory, error);
}

void rename_without_overwriting(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (file_calls().rename_new(from.c_str(), to.c_str()) == 0) return;
  // Network file systems do not know the flag.
  const bool flag_unknown = errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;
  if (!flag_unknown) fail("rename the finished file to", to, errno);
  if (std::filesystem::exists(to)) fail("rename the finished file to", to, EEXIST);
  rename_replacing(from, to);
}

void rename_replacing(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (file_calls().rename(from.c_str(), to.c_str()) != 0) fail("rename the finished file to", to, errno);
}

void try_to_remove(const std::filesystem::path& path) noexcept {
  file_calls().unlink(path.c_str());
}

std::string process_name() {
  char host[256] = {};
  ::gethostname(host, sizeof(host) - 1);
  return fmt::format("{}-{}", host, ::getpid());
}

}  // namespace gemel::checkpoint
