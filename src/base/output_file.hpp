#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/unfinished_file.hpp"

namespace gemel::base {

/// A file that users get: it has its name when it is whole, and not before. Written under another name beside it, which goes away if the
/// file is not committed, also where a signal ends the process (end_without_unfinished_files). Everything that fails throws OutputError with the system's own reason.
class OutputFile {
 public:
  /// `replace`: what has the name already is replaced in the end; otherwise that is an error, before anything is written.
  OutputFile(std::filesystem::path path, bool replace);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// At a place of the file, for one that is not written from its beginning to its end. Not together with the other write().
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  void write(std::string_view bytes);
  /// Bytes written so far.
  std::uint64_t size() const { return size_; }
  /// Returns once the storage holds the content. Where several files are committed, all are finished first: little can fail then.
  void finish();
  /// Finishes, and returns once the file has its name. Call once, last.
  void commit();

 private:
  void flush();

  std::filesystem::path path_;
  std::filesystem::path unfinished_;
  UnfinishedFile entry_;
  bool replace_;
  int descriptor_ = -1;  // open until it is committed
  std::string buffer_;   // the end of what was written
  std::uint64_t size_ = 0;
};

/// Throws OutputError when something has that name already, unless it is to be replaced; the remedy is --force.
void require_free(const std::filesystem::path& path, bool replace);

}  // namespace gemel::base
