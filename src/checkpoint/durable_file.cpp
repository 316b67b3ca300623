#include "checkpoint/durable_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "base/error.hpp"

namespace gemel::checkpoint {
namespace {

[[noreturn]] void fail(const char* what, const std::filesystem::path& path, int error) {
  throw base::CheckpointError(
      fmt::format("cannot {} {}: {}", what, path.string(), std::generic_category().message(error)));
}

}  // namespace

OpenFile::OpenFile(int descriptor, std::filesystem::path path)
    : descriptor_(descriptor), path_(std::move(path)) {}

OpenFile OpenFile::create(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
  if (descriptor < 0) fail("create", path, errno);
  return {descriptor, path};
}

OpenFile::OpenFile(OpenFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

OpenFile& OpenFile::operator=(OpenFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void OpenFile::reserve(std::uint64_t first, std::uint64_t end) {
  const int error =
      ::posix_fallocate(descriptor_, static_cast<off_t>(first), static_cast<off_t>(end - first));
  if (error != 0) fail("set space aside in", path_, error);
}

void OpenFile::sync() {
  if (::fsync(descriptor_) != 0) fail("sync", path_, errno);
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
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) fail("open", directory, errno);
  const int error = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  // Some network file systems cannot sync a directory (EINVAL); they make a rename durable by themselves.
  if (error != 0 && error != EINVAL) fail("sync", directory, error);
}

void rename_without_overwriting(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
  // Network file systems do not know the flag.
  const bool flag_unknown = errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;
  if (!flag_unknown) fail("rename the finished file to", to, errno);
  if (std::filesystem::exists(to)) fail("rename the finished file to", to, EEXIST);
  rename_replacing(from, to);
}

void rename_replacing(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) fail("rename the finished file to", to, errno);
}

std::string process_name() {
  char host[256] = {};
  ::gethostname(host, sizeof(host) - 1);
  return fmt::format("{}-{}", host, ::getpid());
}

}  // namespace gemel::checkpoint
