#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/unfinished_file.hpp"
#include "checkpoint/durable_file.hpp"
#include "hdf5/layout.hpp"

namespace gemel::checkpoint {

/// A file that several processes write together, under a temporary name: one creates it and gives it its own name when all is written, the
/// others open it in between. Nothing here is collective, and a thread of its own may do it; everything that fails throws a
/// CheckpointError. A file that is not committed is removed by whoever created it.
class JointFile {
 public:
  /// `path` is the final name. `replace`: what has the name already is replaced.
  JointFile(std::filesystem::path path, const std::string& process, bool replace);
  ~JointFile();
  JointFile(const JointFile&) = delete;
  JointFile& operator=(const JointFile&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// One process: creates it. Where it is known how long the file is going to be, its bytes are set aside at once.
  void create(std::uint64_t bytes = 0);
  /// All others, once that is done.
  void open();

  OpenFile& file() { return file_; }

  /// Returns once the storage has all that this process has written. For those that have not created the file this is the end.
  void finish_writing();
  /// The one that has created it, once all the others have done so: writes what is left, waits for the storage, and gives the file its
  /// name.
  void commit(const std::vector<hdf5::Extent>& rest);

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  bool replace_;
  std::optional<base::UnfinishedFile> to_be_removed_;  // where this process has created it
  OpenFile file_;
};

}  // namespace gemel::checkpoint
