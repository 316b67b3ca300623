#include "base/file_calls.hpp"

#include <fcntl.h>
#include <unistd.h>

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
int FileCalls::ftruncate(int descriptor, off_t bytes) {
  return ::ftruncate(descriptor, bytes);
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

ReplacedFileCalls::ReplacedFileCalls(FileCalls& calls) : before_(current()) {
  current() = &calls;
}

ReplacedFileCalls::~ReplacedFileCalls() {
  current() = before_;
}

}  // namespace gemel::base
