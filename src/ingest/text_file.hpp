#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/delimited_reader.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// `text`, of which each rank has a share or all have all, as UTF-8. A file with no valid character of several bytes, but with bytes
/// above 0x7f, is Windows-1252 (Latin-1 is a part of it) and is converted, which root says. A byte order mark at the beginning is left
/// out. Collective. Throws mpi::AgreedError (data), naming line, column and a remedy, for files of other formats
/// (refuse_other_formats()), NUL and other control characters but tabs, CRs that end no line, a byte order mark elsewhere, and a
/// mixture of encodings.
DelimitedText as_utf8(DelimitedText text, const std::filesystem::path& path, mpi::Communicator& communicator);

/// A line by itself.
struct SampleLine {
  std::int64_t number = 0;  ///< in the whole file; 1 is the first
  std::string_view text;
};

/// The lines with which a file begins, on every rank, but for blank ones: the first thousand, or those that begin in the first 8 MB.
class FileSample {
 public:
  /// `text` is this rank's share. Collective.
  FileSample(const DelimitedText& text, mpi::Communicator& communicator);
  FileSample(FileSample&&) = default;
  FileSample& operator=(FileSample&&) = default;

  const std::vector<SampleLine>& lines() const { return lines_; }

 private:
  std::vector<std::string> pieces_;  // of each rank
  std::vector<SampleLine> lines_;    // point into these
};

}  // namespace gemel::ingest
