#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gemel/data.hpp"
#include "ingest/field_splitter.hpp"
#include "ingest/file_layout.hpp"
#include "ingest/pair_columns.hpp"
#include "ingest/text_file.hpp"

namespace gemel::ingest {

/// A file of interactions, as far as its first lines show.
struct FileSketch {
  std::filesystem::path path;
  std::vector<SampleLine> lines;  ///< records, without the heading
  Separator separator = Separator::blanks;
  std::optional<CutLine> heading;
  std::vector<std::string> keys = {};  ///< of JSON Lines
};

/// `given`: what --columns says. Throws DataError for files without interactions and those with comments.
FileSketch sketch_of(const SampledFile& file, const ColumnsGiven& given);

/// What all files are, lists or pairs: as asked, as --columns implies, or as one of them at least shows. Throws DataError where none does, or
/// where they differ.
FileFormat common_format(const std::vector<FileSketch>& sketches, FileFormat asked,
                         const ColumnsGiven& given);

/// The fields of all lines but those whose quotes are wrong, at least one. Throws DataError where all are.
std::vector<CutLine> cut_lines(const FileSketch& sketch);

/// Throws DataError: "data.csv:3:1: 'the line': why".
[[noreturn]] void refuse_line(const std::filesystem::path& path, const SampleLine& line,
                              std::string_view why);

}  // namespace gemel::ingest
