#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/delimited_reader.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// `text`, of which all ranks have all, as UTF-8, as TextSurvey::encoding() says it is, and without a byte order mark. Throws
/// mpi::AgreedError (data) as that does, and for files of other formats (refuse_other_formats()). Collective.
DelimitedText as_utf8(DelimitedText text, const std::filesystem::path& path, mpi::Communicator& communicator);

/// A line by itself.
struct SampleLine {
  std::int64_t number = 0;  ///< in the whole file; 1 is the first
  std::string_view text;
};

/// The lines with which a file begins, but for blank ones: the first thousand, or those that begin in the first 8 MB.
class FileSample {
 public:
  static constexpr std::size_t most_bytes = std::size_t{8} << 20;

  /// `text`: the file, or as many whole lines of its beginning as count.
  explicit FileSample(std::string_view text);
  FileSample(FileSample&&) = default;
  FileSample& operator=(FileSample&&) = default;

  const std::vector<SampleLine>& lines() const { return lines_; }

 private:
  std::vector<char> text_;
  std::vector<SampleLine> lines_;  // point into it
};

}  // namespace gemel::ingest
