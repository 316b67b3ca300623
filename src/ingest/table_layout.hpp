#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gemel/data.hpp"
#include "ingest/field_splitter.hpp"
#include "ingest/text_file.hpp"

namespace gemel::ingest {

/// How the lines of a file are read that tells of items or users, a line each.
struct TableLayout {
  Separator separator = Separator::comma;
  std::vector<std::string> keys = {};   ///< of JSON Lines: the keys of the objects that are read; else empty
  std::vector<std::string> names = {};  ///< of the columns, RecBole's types left out
  std::size_t id = 0;                   ///< the column that has the ids
  std::int64_t heading = 0;             ///< number of the line that names the columns; 0: none does

  /// "separated by commas"
  std::string description() const;
};

/// Of a file that begins so. `whose`: item or user. `names` are those of the columns; where there are none, the first line has them, or the
/// keys of the first objects are they, of which those that lie in objects are left out. The ids are in the column that is called `id_name`,
/// as the interactions call them, or else in one of a usual name. Throws AgreedError (data).
TableLayout table_layout(const FileSample& sample, const std::vector<std::string>& names, PairColumn whose,
                         const std::string& id_name, const std::filesystem::path& path);

/// Throws AgreedError (data) unless each column has a name of its own.
void require_own_names(const std::vector<std::string>& names, const std::filesystem::path& path);

}  // namespace gemel::ingest
