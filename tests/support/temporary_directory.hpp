#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "mpi/communicator.hpp"

namespace gemel {

/// A new empty directory that all ranks know, removed with its content by root's destructor. Collective.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(mpi::Communicator& communicator) : communicator_(communicator) {
    std::string name = (std::filesystem::temp_directory_path() / "gemel-test-XXXXXX").string();
    if (communicator.is_root() && mkdtemp(name.data()) == nullptr) std::abort();
    communicator.broadcast(name);
    path_ = name;
  }
  ~TemporaryDirectory() {
    communicator_.barrier();
    std::error_code ignored;
    if (communicator_.is_root()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  /// Writes a file into the directory. Collective.
  std::filesystem::path write(std::string_view name, std::string_view content) {
    if (communicator_.is_root()) std::ofstream(path_ / name, std::ios::binary) << content;
    communicator_.barrier();
    return path_ / name;
  }

 private:
  mpi::Communicator& communicator_;
  std::filesystem::path path_;
};

}  // namespace gemel
