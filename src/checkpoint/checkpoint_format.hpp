#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace gemel::checkpoint {

/// A checkpoint file is a container of datasets and attributes, the same whatever the number of ranks that
/// wrote it, and whichever rows each of them had:
///
///   /                     format = "gemel-checkpoint", format_version, program_version,
///                         complete = 1 (written last), and the attributes and datasets that are put in
///   /checksums/<path>     uint64 [blocks]: XXH3-64 of every block of about 1 MiB (whole rows) of the
///                         dataset at <path>
///
/// Attributes and the structure of the file need no checksum of ours: HDF5 has its own in this version of its
/// format and refuses a damaged one.
inline constexpr std::int64_t format_version = 1;

/// What a container is a file of, and what messages say of it. Others than checkpoints differ in nothing else.
struct FileKind {
  std::string format;           ///< the attribute that says so
  std::string noun;             ///< "checkpoint"
  base::ExitCode read_code;     ///< the exit code where it cannot be read,
  base::ExitCode write_code;    ///< and where it cannot be written
  std::string when_damaged;     ///< what to do about a file that is damaged,
  std::string when_other_file;  ///< about a file that is none of this kind,
  std::string when_unfit;       ///< about one with other content than is looked for,
  std::string when_unwritten;   ///< and where one cannot be written
};
const FileKind& checkpoint_file();

/// Where the checksums of a dataset are.
inline const std::string checksum_root = "/checksums";
inline std::string checksum_path(const std::string& dataset_path) {
  return checksum_root + dataset_path;
}

/// Until it is complete, a file has this and the name of the writing process (process_name()) behind its own
/// name.
inline const std::string temporary_mark = ".tmp-";

/// How many blocks of about 1 MiB a rank writes or reads at once.
inline constexpr std::size_t blocks_at_once = 16;

}  // namespace gemel::checkpoint
