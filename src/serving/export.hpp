#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/output_files.hpp"
#include "gemel/export_model.hpp"
#include "model/loaded_model.hpp"
#include "mpi/communicator.hpp"
#include "serving/user_vectors.hpp"

namespace gemel::serving {

using gemel::ExportFormat;
using gemel::ExportOptions;

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
