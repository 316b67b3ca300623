#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/output_files.hpp"
#include "gemel/data.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

enum class SyntheticFormat {
  csv,             ///< ratings.csv (user_id,item_id,rating,timestamp) and items.csv (item_id,title,genres)
  movielens_100k,  ///< u.data, u.item and u.genre, as MovieLens-100k has them
  hdf5,            ///< data.h5, prepared data (ingest/prepared_format.hpp) that is not split
};

/// Where the made-up data is going to.
struct SyntheticFiles {
  SyntheticFormat format = SyntheticFormat::csv;
  std::filesystem::path directory;
  bool replace = false;  ///< files that are in the way
};

/// Is told of a file how many of its lines and bytes are written; on root.
using SyntheticProgress = std::function<void(const std::string& file, std::int64_t lines,
                                             std::int64_t all_lines, std::uint64_t bytes)>;

/// Writes the interactions and the catalogue that `synthesize` makes, in the same order, as files that a user would have. The same bytes
/// on any number of ranks; the ranks make the text, root writes it, and memory is constant, but for hdf5, which is made in the memory
/// of the ranks. The files get their names when all are
/// whole. Returns them on root. Throws as `synthesize`, and AgreedError (output) where they cannot be written. Collective.
std::vector<base::WrittenFile> write_synthetic(const SyntheticOptions& options, const SyntheticFiles& files,
                                               mpi::Communicator& communicator,
                                               const SyntheticProgress& progress);

}  // namespace gemel::ingest
