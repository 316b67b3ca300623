#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "gemel/mpi/communicator.hpp"

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

 private:
  mpi::Communicator& communicator_;
  std::filesystem::path path_;
};

/// What a shell command prints, standard error included, and its exit status. For other tools' reading of our
/// files.
struct CommandResult {
  int status = 0;
  std::string output;
};

inline CommandResult run_command(const std::string& command) {
  CommandResult result;
  // A tool of its own, not one more rank of this job: without the environment by which mpirun makes it one.
  const std::string alone = "env -i PATH=\"$PATH\" sh -c '" + command + "' 2>&1";
  FILE* pipe = popen(alone.c_str(), "r");
  if (pipe == nullptr) return {-1, "popen failed"};
  char buffer[4096];
  for (std::size_t read = 0; (read = fread(buffer, 1, sizeof(buffer), pipe)) > 0;)
    result.output.append(buffer, read);
  result.status = pclose(pipe);
  return result;
}

}  // namespace gemel
