#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gemel/data.hpp"
#include "ingest/field_splitter.hpp"
#include "ingest/pair_columns.hpp"
#include "ingest/text_file.hpp"
#include "ingest/wanted_columns.hpp"

namespace gemel::ingest {

/// How the lines of a file are read.
struct FileLayout {
  FileFormat format = FileFormat::lists;  ///< lists or pairs
  Separator separator = Separator::blanks;
  std::vector<std::string> keys =
      {};                    ///< of JSON Lines: the keys of the objects that are read, as fields; else empty
  std::int64_t heading = 0;  ///< number of the line that names the columns; 0: none does
  PairColumns columns = {};  ///< of pairs
  bool is_guessed =
      false;  ///< whether the third field is a rating or a timestamp is known by its numbers alone
  /// How the first line of the file is read, for the user: "pairs, separated by commas: user 'u1', item '7'".
  std::string description = {};
};

/// A file and the lines with which it begins.
struct SampledFile {
  std::filesystem::path path;
  FileSample sample;
};

/// The layouts of the files of a data set. All are lists or all are pairs, as `asked` says; if that is automatic, as the lines of one
/// of them at least show without doubt. All pairs have the same columns, perhaps in another order; without a heading these are those of
/// `given` or, if that is empty, of a file with a heading, or else guessed. Columns that nobody wants are unused. Separators may differ. Throws DataError, which is the same on every
/// rank and names file, line and remedy, for whatever can be read in several ways, and for files without interactions.
std::vector<FileLayout> recognise_layouts(const std::vector<SampledFile>& files, FileFormat asked,
                                          const ColumnsGiven& given, const WantedColumns& wanted);

/// Throws DataError if a file is surely no lists. For files that are so named, though nobody has said what they are.
void check_lists(const std::vector<SampledFile>& files);

}  // namespace gemel::ingest
