#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gemel/export.hpp"
#include "gemel/model.hpp"

namespace gemel {

enum class ExportFormat {
  npy,    ///< items.npy, item_ids.txt, item_labels.txt
  fvecs,  ///< items.fvecs, with the same texts
  hdf5,   ///< vectors.h5
  jsonl,  ///< items.jsonl
  csv,    ///< items.csv
  onnx,   ///< query.onnx and candidate.onnx, with the vocabularies of what code makes rows of
};

struct ExportOptions {
  std::string directory;  ///< is made if it is not there
  std::vector<ExportFormat> formats = {ExportFormat::npy};
  std::vector<NamedValue> query = {};  ///< what all users have in common
  bool items_only = false;             ///< no vectors of users
  bool replace = false;                ///< files that are in the way
};

struct ExportedFile {
  std::string path;
  std::uint64_t bytes = 0;
};

/// Writes a model's vectors of items and of users, or its towers, for other programs, as `trainer export` does: all files, or none under
/// its name. `path` is a checkpoint, or a directory: its newest sound one. The process does it alone, on so many threads, and starts no
/// MPI. Throws Error: OutputError for a file that cannot be written or is there already.
GEMEL_API std::vector<ExportedFile> export_model(const std::string& path, const ExportOptions& options,
                                                 int threads = 1);

}  // namespace gemel
