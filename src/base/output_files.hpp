#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "base/output_file.hpp"

namespace gemel::base {

struct WrittenFile {
  std::filesystem::path path;
  std::uint64_t bytes = 0;
};

/// Makes the directory if it is not there. Throws OutputError.
void make_directory(const std::filesystem::path& directory);

/// Files of one directory that get their names together, once all of them are whole. Everything that fails throws OutputError.
class OutputFiles {
 public:
  /// Makes the directory if it is not there. `replace`: files that are in the way.
  OutputFiles(std::filesystem::path directory, bool replace);

  /// A new file, which stays where it is. Throws at once when something is in its way.
  OutputFile& add(const std::string& name);
  /// Gives all files their names. Call once, last.
  std::vector<WrittenFile> commit();

 private:
  std::filesystem::path directory_;
  bool replace_;
  std::deque<OutputFile> files_;
};

}  // namespace gemel::base
