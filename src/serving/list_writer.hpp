#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "ingest/columns.hpp"
#include "model/catalogue_file.hpp"
#include "mpi/communicator.hpp"
#include "serving/item_lists.hpp"
#include "serving/list_format.hpp"

namespace gemel::serving {

enum class ListFileFormat { csv, jsonl, npy, hdf5 };

/// Where lists go.
struct ListDestination {
  ListFileFormat format = ListFileFormat::csv;
  std::string path;                ///< empty: to `stream`
  bool replace = false;            ///< a file that is in the way
  std::ostream* stream = nullptr;  ///< for csv and jsonl
};

/// What became of lists.
struct WrittenLists {
  std::int64_t lists = 0;
  std::int64_t with_unknown = 0;  ///< of queries with a value that the model has not learned
};

/// Told how many lists of how many are written; on root.
using ListProgress = std::function<void(std::int64_t done, std::int64_t all)>;

/// Writes all lists of a source, some at a time, in its order; the content is the same on any number of ranks. HDF5 files have /query [Q],
/// /unknown [Q] (1 where the query has a value that the model has not learned), /row [Q, k] (of the catalogue, from 0; -1 where a list is
/// shorter), /score [Q, k], and of all items /item_id [C] and /label [C]. What
/// fails is thrown as AgreedError, mostly with the exit code of OutputError, and leaves no file. Where nobody reads `stream` any more,
/// it ends early. Collective.
WrittenLists write_lists(ListSource& source, const model::Catalogue& catalogue,
                         const ListDestination& destination, mpi::Communicator& communicator,
                         const ListProgress& progress);

}  // namespace gemel::serving
