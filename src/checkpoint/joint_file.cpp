#include "checkpoint/joint_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "checkpoint/checkpoint_format.hpp"

namespace gemel::checkpoint {

JointFile::JointFile(std::filesystem::path path, const std::string& process, bool replace)
    : path_(std::move(path)), temporary_(path_.string() + temporary_mark + process), replace_(replace) {}

JointFile::~JointFile() {
  if (to_be_removed_) try_to_remove(temporary_);
}

void JointFile::create(std::uint64_t bytes) {
  if (!replace_ && std::filesystem::exists(path_))
    throw base::CheckpointError("there is such a file already");
  try_to_remove(temporary_);  // of an earlier attempt of this process
  file_ = OpenFile::create(temporary_);
  to_be_removed_.emplace(temporary_);
  if (bytes == 0) return;
  require_file_size_allowed(bytes);
  file_.reserve(bytes);
}

void JointFile::open() {
  try {
    file_ = OpenFile::open_to_write(temporary_);
  } catch (const FileCallError& error) {
    if (error.error != ENOENT) throw;
    throw base::CheckpointError(fmt::format(
        "{} does not see the file that rank 0 has created: the directory must be on a file system that all "
        "nodes share",
        process_name()));
  }
}

void JointFile::finish_writing() {
  file_.sync();
  if (!to_be_removed_) file_.close();
}

void JointFile::commit(const std::vector<hdf5::Extent>& rest) {
  for (const hdf5::Extent& extent : rest) file_.write_at(extent.offset, extent.bytes);
  file_.sync();
  file_.close();
  if (replace_) {
    rename_replacing(temporary_, path_);
  } else {
    rename_without_overwriting(temporary_, path_);
  }
  to_be_removed_.reset();
  sync_directory(path_.has_parent_path() ? path_.parent_path() : ".");
}

}  // namespace gemel::checkpoint
