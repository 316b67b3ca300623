#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace gemel::base {

/// The calls of the system by which this program makes, reads, names and removes files that must not be lost: checkpoints and their
/// markers, prepared data, and what users get. Each member is the call of its name, with its arguments, result and errno. Nothing else
/// makes these calls for such files, so that a test that replaces them sees every one, and can let the i-th fail.
///
/// They are made by any thread.
class FileCalls {
 public:
  virtual ~FileCalls() = default;

  virtual int open(const char* path, int flags, mode_t mode);
  virtual int close(int descriptor);
  virtual ssize_t pread(int descriptor, void* bytes, std::size_t count, off_t offset);
  virtual ssize_t pwrite(int descriptor, const void* bytes, std::size_t count, off_t offset);
  virtual int fallocate(int descriptor, off_t offset, off_t bytes);
  virtual int fsync(int descriptor);
  virtual int fstat(int descriptor, struct stat* status);
  virtual int rename(const char* from, const char* to);
  /// renameat2 with RENAME_NOREPLACE.
  virtual int rename_new(const char* from, const char* to);
  virtual int unlink(const char* path);
};

/// The system's, unless they are replaced.
FileCalls& file_calls();

/// Writes all of the bytes, in as many calls as it takes. Returns 0, or errno.
int write_all(int descriptor, std::uint64_t offset, std::span<const std::byte> bytes);
/// Returns once the storage holds all that this process has written: 0, or errno.
int sync_all(int descriptor);

/// Replaces them in this process as long as the object lives. For tests; not while files are being worked on.
class ReplacedFileCalls {
 public:
  explicit ReplacedFileCalls(FileCalls& calls);
  ~ReplacedFileCalls();
  ReplacedFileCalls(const ReplacedFileCalls&) = delete;
  ReplacedFileCalls& operator=(const ReplacedFileCalls&) = delete;

 private:
  FileCalls* before_;
};

}  // namespace gemel::base
