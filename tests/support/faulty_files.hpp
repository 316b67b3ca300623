#pragma once

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <functional>

#include "base/file_calls.hpp"

namespace gemel {

/// Lets the calls of the system for files fail: from the one of number `first` on, `count` of them. Counts all calls.
class FaultyFiles : public base::FileCalls {
 public:
  enum class Fault {
    none,
    fails,    ///< the call does nothing and returns an error
    shortens  ///< it moves half of the bytes, and is not called again for them
  };

  FaultyFiles() = default;
  FaultyFiles(Fault fault, int error, int first, int count)
      : fault_(fault), error_(error), first_(first), end_(count > 0 ? first + count : 0) {}

  int calls() const { return calls_; }
  /// Whether a call has failed or was shortened.
  bool has_struck() const { return has_struck_; }

  int open(const char* path, int flags, mode_t mode) override {
    return strikes() ? failed() : FileCalls::open(path, flags, mode);
  }
  int close(int descriptor) override {
    if (!strikes()) return FileCalls::close(descriptor);
    FileCalls::close(descriptor);  // a close that fails closes all the same
    return failed();
  }
  ssize_t pread(int descriptor, void* bytes, std::size_t count, off_t offset) override {
    if (!strikes(Fault::shortens)) return FileCalls::pread(descriptor, bytes, count, offset);
    return fault_ == Fault::fails ? failed() : FileCalls::pread(descriptor, bytes, half(count), offset);
  }
  ssize_t pwrite(int descriptor, const void* bytes, std::size_t count, off_t offset) override {
    if (!strikes(Fault::shortens)) return FileCalls::pwrite(descriptor, bytes, count, offset);
    return fault_ == Fault::fails ? failed() : FileCalls::pwrite(descriptor, bytes, half(count), offset);
  }
  int fallocate(int descriptor, off_t offset, off_t bytes) override {
    return strikes() ? failed() : FileCalls::fallocate(descriptor, offset, bytes);
  }
  int fsync(int descriptor) override { return strikes() ? failed() : FileCalls::fsync(descriptor); }
  int fstat(int descriptor, struct stat* status) override {
    return strikes() ? failed() : FileCalls::fstat(descriptor, status);
  }
  int rename(const char* from, const char* to) override {
    return strikes() ? failed() : FileCalls::rename(from, to);
  }
  int rename_new(const char* from, const char* to) override {
    return strikes() ? failed() : FileCalls::rename_new(from, to);
  }
  int unlink(const char* path) override { return strikes() ? failed() : FileCalls::unlink(path); }

 private:
  /// Counts a call. `also`: a fault other than failing that this call can have.
  bool strikes(Fault also = Fault::fails) {
    const int number = calls_++;
    const bool strikes = number >= first_ && number < end_ && (fault_ == Fault::fails || fault_ == also);
    if (strikes) has_struck_ = true;
    return strikes;
  }
  int failed() const {
    errno = error_;
    return -1;
  }
  static std::size_t half(std::size_t count) { return count > 1 ? count / 2 : count; }

  Fault fault_ = Fault::none;
  int error_ = 0;
  int first_ = 0;
  int end_ = 0;
  std::atomic<int> calls_ = 0;
  std::atomic<bool> has_struck_ = false;
};

}  // namespace gemel
