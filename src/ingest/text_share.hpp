#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/delimited_reader.hpp"
#include "ingest/file_bytes.hpp"
#include "ingest/text_file.hpp"
#include "ingest/text_survey.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// The bytes of a rank's share of a file.
struct ShareBytes {
  std::filesystem::path path;
  ByteRange range;       ///< of the file
  FileState state;       ///< of the file when it was opened; of one that is in memory nothing
  bool is_here = false;  ///< whether they are in memory, as those of streams and compressed files
  std::string bytes = {};
};

/// A rank's share of the lines of a file of text, which is read piece by piece, as UTF-8. Beyond a piece it needs no memory, but for streams
/// and compressed files.
class TextShare {
 public:
  /// How often its readers look at each byte: here, and in for_each_line().
  static constexpr std::uint64_t looks = 2;

  /// Looks at all of its bytes once. `head` is the beginning of the file, the same on every rank. Throws AgreedError (data) as
  /// TextSurvey::encoding() and refuse_other_formats() do, and for files that cannot be read. Collective.
  TextShare(ShareBytes bytes, std::string_view head, mpi::Communicator& communicator);

  const std::filesystem::path& path() const { return bytes_.path; }
  /// What the file begins with, on every rank.
  const FileSample& sample() const { return sample_; }
  FileSample take_sample() { return std::move(sample_); }
  /// Lines of this share.
  std::int64_t lines() const { return lines_; }
  /// Bytes of this share.
  std::uint64_t size() const { return bytes_.range.end - bytes_.range.begin; }

  /// Calls visit(const Line&), whose fields are empty, for each line of this share, in order. Throws DataError when the file has changed
  /// since it was opened. Not collective.
  template <class Visit>
  void for_each_line(Visit visit) const {
    Line line{.number = first_line_, .text = {}, .fields = {}};
    for_each_piece([&](std::string_view piece) {
      for (std::string_view rest = piece; !rest.empty(); ++line.number) {
        line.text = DelimitedText::take_line(rest);
        visit(std::as_const(line));
      }
    });
  }

 private:
  /// Whole lines each, in UTF-8.
  void for_each_piece(const std::function<void(std::string_view)>& visit) const;

  ShareBytes bytes_;
  bool is_surveyed_ = false;
  Encoding encoding_ = Encoding::utf8;
  std::int64_t lines_ = 0;
  std::int64_t first_line_ = 1;  // its number in the file; 1 is the file's first
  FileSample sample_;
};

/// Opens files as if they were one, each file after the one before, of which every rank has about 1/n of the bytes, in rank order, cut at
/// line ends: a share of each file, which may be empty. Streams (standard input, a pipe) and compressed files are read whole by root, who needs
/// memory for them, and dealt out. Throws AgreedError (data) for files that cannot be read. Collective.
std::vector<TextShare> open_texts(std::span<const std::filesystem::path> paths,
                                  mpi::Communicator& communicator);

}  // namespace gemel::ingest
