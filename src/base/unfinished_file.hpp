#pragma once

#include <filesystem>

namespace gemel::base {

/// While it lives, the file of that name is one that nobody wants if the process ends.
class UnfinishedFile {
 public:
  explicit UnfinishedFile(const std::filesystem::path& path);
  ~UnfinishedFile();
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;

  struct Entry;

 private:
  Entry& entry_;
};

/// Removes those files. May be called by the handler of a signal that ends the process.
void remove_unfinished_files() noexcept;

}  // namespace gemel::base
