#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>

namespace gemel::base {

/// A file that users get: it has its name when it is whole, and not before. Written under another name beside it, which goes away if the
/// file is not committed. Everything that fails throws OutputError with the system's own reason.
class OutputFile {
 public:
  /// `replace`: what has the name already is replaced in the end; otherwise that is an error, before anything is written.
  OutputFile(std::filesystem::path path, bool replace);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Where the content is until then: for a library that writes to a path. It must have closed it before `commit`.
  const std::filesystem::path& unfinished() const { return unfinished_; }

  /// Makes the file system set so many bytes aside, for a library that does not bear a full disk. The file is as long then.
  void reserve(std::uint64_t bytes);
  /// Gives back what was set aside and is not needed: the file is as long then.
  void shorten(std::uint64_t bytes);

  void write(std::string_view bytes);
  /// Bytes written so far.
  std::uint64_t size() const { return size_; }
  /// Returns once the storage holds the content. Where several files are committed, all are finished first: little can fail then.
  void finish();
  /// Finishes, and returns once the file has its name. Call once, last.
  void commit();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::filesystem::path path_;
  std::filesystem::path unfinished_;
  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t size_ = 0;
  bool replace_;
};

/// Throws OutputError when something has that name already, unless it is to be replaced; the remedy is --force.
void require_free(const std::filesystem::path& path, bool replace);

}  // namespace gemel::base
