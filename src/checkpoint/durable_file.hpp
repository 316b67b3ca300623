#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace gemel::checkpoint {

/// What one process does with files so that they survive a crash of the machine. Nothing here is collective;
/// everything that fails throws CheckpointError with the system's own reason.

/// A file open for writing; closed by the destructor.
class OpenFile {
 public:
  OpenFile() = default;
  /// Creates `path`, which must not exist.
  static OpenFile create(const std::filesystem::path& path);
  OpenFile(OpenFile&& other) noexcept;
  OpenFile& operator=(OpenFile&& other) noexcept;
  ~OpenFile();

  /// Makes the file system set the bytes [first, end) aside, so that writing them cannot find it full.
  void reserve(std::uint64_t first, std::uint64_t end);
  /// Returns once the storage holds all of the file.
  void sync();

 private:
  OpenFile(int descriptor, std::filesystem::path path);

  int descriptor_ = -1;
  std::filesystem::path path_;
};

/// Throws if this process may not write files of `bytes` bytes (ulimit -f): the system would kill it on
/// trying.
void require_file_size_allowed(std::uint64_t bytes);

/// Returns once the storage holds the names in `directory`.
void sync_directory(const std::filesystem::path& directory);

/// Renames; throws if `to` exists already.
void rename_without_overwriting(const std::filesystem::path& from, const std::filesystem::path& to);
/// Renames; a file `to` is replaced.
void rename_replacing(const std::filesystem::path& from, const std::filesystem::path& to);

/// What names this process among all that may share a file system: "<host>-<process id>".
std::string process_name();

}  // namespace gemel::checkpoint
