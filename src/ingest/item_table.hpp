#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gemel/data.hpp"
#include "ingest/columns.hpp"
#include "ingest/dataset.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// What a file tells of items, one a line, in its order: the text columns item_id, title where it has titles, and all others under their own
/// names, which are numbers where all lines have whole numbers. The same on every rank.
struct ItemTable {
  std::filesystem::path path;
  Columns columns;
  std::uint64_t hash = 0;  ///< of the file's bytes
};

/// Reads a file with fields, or JSON Lines, as table_layout() says; "movie_title", "name" and the like are titles. A field in quotes may have
/// line ends in it, which become blanks. Text becomes UTF-8 as as_utf8() does. Throws AgreedError (data), with file, line and column, for lines
/// without the right fields and for ids that are empty or twice, unless they are to be skipped. Collective.
ItemTable read_item_table(const std::filesystem::path& path, const std::vector<std::string>& names,
                          const std::string& id_name, BadLines bad_lines, mpi::Communicator& communicator);

/// Makes this rank's block of these items, of which it has all, the catalogue of a data set.
void set_catalogue(const Columns& items, const mpi::Communicator& communicator, Dataset& dataset);

/// Makes the items of the table, in its order, the catalogue of a data set of which nothing but the ids is known. Throws AgreedError (data)
/// for items of interactions that the table lacks. Collective.
void join_items(const ItemTable& table, Dataset& dataset, mpi::Communicator& communicator);

}  // namespace gemel::ingest
