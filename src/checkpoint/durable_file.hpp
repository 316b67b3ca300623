#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "base/error.hpp"

namespace gemel::checkpoint {

/// What one process does with files so that they survive a crash of the machine, by way of base::file_calls(). Nothing here is
/// collective, and any thread may call it.

/// A call of the system has failed: what was done with which file, and the system's own reason.
struct FileCallError : base::CheckpointError {
  FileCallError(const char* what, const std::filesystem::path& path, int number);
  int error;  ///< errno
};

/// A file that ends before what is looked for in it.
struct FileEndsEarly : base::CheckpointError {
  using CheckpointError::CheckpointError;
};

/// A file that is open; closed by the destructor. Everything that fails throws FileCallError.
class OpenFile {
 public:
  OpenFile() = default;
  /// Creates `path`, which must not exist, to be written.
  static OpenFile create(const std::filesystem::path& path);
  /// Opens what another process has created, to be written.
  static OpenFile open_to_write(const std::filesystem::path& path);
  /// Never waits, whatever is at `path`.
  static OpenFile open_to_read(const std::filesystem::path& path);
  OpenFile(OpenFile&& other) noexcept;
  OpenFile& operator=(OpenFile&& other) noexcept;
  ~OpenFile();

  bool is_open() const { return descriptor_ >= 0; }
  const std::filesystem::path& path() const { return path_; }
  bool is_regular() const;
  /// Bytes.
  std::uint64_t size() const;

  /// Sets the first bytes of the file aside, so that writing them cannot find it full. Does nothing where the file system cannot do so.
  void reserve(std::uint64_t bytes);
  /// All of them, in as many calls as it takes. Throws CheckpointError where the file may not be so long.
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Throws FileEndsEarly where the file ends before.
  void read_at(std::uint64_t offset, std::span<std::byte> bytes) const;
  /// Returns once the storage holds all that this process has written.
  void sync();
  /// What an error of the last writes is told by, on some file systems. Does nothing when closed already.
  void close();

 private:
  OpenFile(const char* what, const std::filesystem::path& path, int flags);

  int descriptor_ = -1;
  std::filesystem::path path_;
};

/// Throws CheckpointError if this process may not write files of `bytes` bytes (ulimit -f): the system would kill it on trying.
void require_file_size_allowed(std::uint64_t bytes);

/// Returns once the storage holds the names in `directory`.
void sync_directory(const std::filesystem::path& directory);

/// Renames; throws if `to` exists already.
void rename_without_overwriting(const std::filesystem::path& from, const std::filesystem::path& to);
/// Renames; a file `to` is replaced.
void rename_replacing(const std::filesystem::path& from, const std::filesystem::path& to);

/// Removes a file that may be there, as far as that can be done.
void try_to_remove(const std::filesystem::path& path) noexcept;

/// What names this process among all that may share a file system: "<host>-<process id>".
std::string process_name();

}  // namespace gemel::checkpoint
