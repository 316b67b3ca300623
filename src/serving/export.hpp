#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/output_files.hpp"
#include "model/loaded_model.hpp"
#include "mpi/communicator.hpp"
#include "serving/user_vectors.hpp"

namespace gemel::serving {

enum class ExportFormat {
  npy,    ///< items.npy, item_ids.txt, item_labels.txt
  fvecs,  ///< items.fvecs, with the same texts
  hdf5,   ///< vectors.h5
  jsonl,  ///< items.jsonl
  csv,    ///< items.csv
  onnx,   ///< query.onnx and candidate.onnx, with the vocabularies of what code makes rows of
};

struct ExportOptions {
  std::filesystem::path directory;  ///< is made if it is not there
  std::vector<ExportFormat> formats;
  std::vector<NamedValue> query;  ///< what all users have in common
  bool items_only = false;        ///< no vectors of users
  bool replace = false;           ///< files that are in the way
};

struct ExportReport {
  std::vector<VectorTable> tables;
  std::vector<base::WrittenFile> files;  ///< on root
};

/// Hears on root how far an export is: `done` of the rows of a table.
using ExportProgress = std::function<void(const VectorTable& table, std::int64_t done)>;

/// Writes the vectors of items and users, and the towers, to files: all of them, or none under its name. Vectors come to root in pieces
/// of some MiB; towers take root's memory, for all of their tables. Throws AgreedError as UserVectors and
/// tower_graph; output for what cannot be written or is in the way; checkpoint for a vector that is not finite. The bytes do not depend
/// on the number of ranks. Collective.
ExportReport export_model(const model::LoadedModel& model, const ExportOptions& options, int threads,
                          mpi::Communicator& communicator, const ExportProgress& progress);

}  // namespace gemel::serving
