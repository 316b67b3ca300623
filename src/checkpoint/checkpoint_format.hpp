#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "hdf5/datatype.hpp"

namespace gemel::checkpoint {

/// A checkpoint file is a container of datasets and attributes, the same whatever the number of ranks that
/// wrote it, and whichever rows each of them had:
///
///   /                     format = "gemel-checkpoint", format_version, program_version,
///                         complete = 1, and the attributes and datasets that are put in
///   /checksums/<path>     uint64 [blocks]: XXH3-64 of every block of about 1 MiB (whole rows) of the
///                         dataset at <path>
///
/// Before HDF5's part stands a header (container_header.hpp), and behind it a table of contents (hdf5::to_text). They prove the file, and
/// it is read by them alone, without HDF5. HDF5 and its tools need neither. Files of before they were there have none.
inline constexpr std::int64_t format_version = 1;

/// Datasets that a file may hold, by their paths.
struct AllowedDatasets {
  std::string pattern;  ///< "*" stands for any text, also with "/"
  std::vector<hdf5::Element> elements;
  int dimensions;  ///< 0: any
  std::uint64_t most_bytes = ~std::uint64_t{0};
};

/// What a container is a file of, and what messages say of it. Others than checkpoints differ in nothing else.
struct FileKind {
  std::string format;                      ///< the attribute that says so
  std::string noun;                        ///< "checkpoint"
  base::ExitCode read_code;                ///< the exit code where it cannot be read,
  base::ExitCode write_code;               ///< and where it cannot be written
  std::string when_damaged;                ///< what to do about a file that is damaged,
  std::string when_other_file;             ///< about a file that is none of this kind,
  std::string when_unfit;                  ///< about one with other content than is looked for,
  std::string when_unwritten;              ///< and where one cannot be written
  std::vector<AllowedDatasets> datasets;   ///< of a path, the first whose pattern fits counts
  std::vector<std::string> attributes_of;  ///< patterns of the objects that may have attributes
};
const FileKind& checkpoint_file();

/// The message where a file could not be written because of `what`.
std::string explain_unwritten(const FileKind& kind, const std::filesystem::path& path,
                              const std::string& what);

/// Where the checksums of a dataset are.
inline const std::string checksum_root = "/checksums";
inline std::string checksum_path(const std::string& dataset_path) {
  return checksum_root + dataset_path;
}
inline bool is_checksums(const std::string& path) {
  return path.starts_with(checksum_root + "/");
}

/// Until it is complete, a file has this and the name of the writing process (process_name()) behind its own
/// name.
inline const std::string temporary_mark = ".tmp-";

/// How many blocks of about 1 MiB a rank writes or reads at once.
inline constexpr std::size_t blocks_at_once = 16;

}  // namespace gemel::checkpoint
