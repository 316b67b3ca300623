#include "base/file_calls.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace gemel::base {
namespace {

FileCalls*& current() {
  static FileCalls of_the_system;
  static FileCalls* calls = &of_the_system;
  return calls;
}

}  // namespace

int FileCalls::open(const char* path, int flags, mode_t mode) {
  return ::open(path, flags | O_CLOEXEC, mode);
}
int FileCalls::close(int descriptor) {
  return ::close(descriptor);
}
ssize_t FileCalls::pread(int descriptor, void* bytes, std::size_t count, off_t offset) {
  return ::pread(descriptor, bytes, count, offset);
}
ssize_t FileCalls::pwrite(int descriptor, const void* bytes, std::size_t count, off_t offset) {
  return ::pwrite(descriptor, bytes, count, offset);
}
int FileCalls::fallocate(int descriptor, off_t offset, off_t bytes) {
  return ::fallocate(descriptor, 0, offset, bytes);
}
int FileCalls::fsync(int descriptor) {
  return ::fsync(descriptor);
}
int FileCalls::fstat(int descriptor, struct stat* status) {
  return ::fstat(descriptor, status);
}
int FileCalls::rename(const char* from, const char* to) {
  return std::rename(from, to);
}
int FileCalls::rename_new(const char* from, const char* to) {
  return ::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}
int FileCalls::unlink(const char* path) {
  return ::unlink(path);
}

FileCalls& file_calls() {
  return *current();
}

int write_all(int descriptor, std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        file_calls().pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : EIO;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return 0;
}

int sync_all(int descriptor) {
  while (file_calls().fsync(descriptor) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

ReplacedFileCalls::ReplacedFileCalls(FileCalls& calls) : before_(current()) {
  current() = &calls;
}

ReplacedFileCalls::~ReplacedFileCalls() {
  current() = before_;
}

}  // namespace gemel::base
