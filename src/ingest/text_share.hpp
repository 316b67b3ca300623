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
#include "ingest/record_cutter.hpp"
#include "ingest/text_file.hpp"
#include "ingest/text_survey.hpp"
#include "mpi/agreement.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// The bytes of a rank's share of a file.
struct ShareBytes {
  std::filesystem::path path;
  ByteRange range;       ///< of the file
  FileState state;       ///< of the file when it was opened; of one that is in memory nothing
  bool is_here = false;  ///< whether they are in memory, as those of streams and compressed files
  std::string bytes = {};
  std::string after =
      {};  ///< of those that are here: the bytes of the file that come next, as many as a record may have
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

  /// Calls visit(const Line&), as RecordCutter does, for each record that begins in this share, in order: with a record that goes on behind the
  /// share of one rank the next rank begins that much later. Calls begin() first. Where that turns out only when all is read, it starts again
  /// with begin(), which has to void what was visited. Throws AgreedError for what either throws, and when the file has changed. Collective.
  template <class Begin, class Visit>
  void for_each_record(const RecordJoiner& joiner, Begin begin, Visit visit,
                       mpi::Communicator& communicator) const {
    LineRange lines{first_line_, first_line_ + lines_};
    std::int64_t next_line = 0;
    bool begins_right = false;
    do {
      mpi::agree(communicator, [&] {
        if (begins_right) return;
        begin();
        RecordCutter cutter(joiner, first_line_, lines);
        for_each_piece([&](std::string_view piece) { cutter.add(piece, visit); });
        if (cutter.is_within_record()) cutter.finish(following(), visit);
        next_line = cutter.next_line();
      });
      const std::int64_t first = first_record_line(next_line, communicator);
      begins_right = first == lines.begin;
      lines.begin = first;
    } while (communicator.min(std::int64_t{begins_right ? 1 : 0}) == 0);
  }

 private:
  /// Whole lines each, in UTF-8.
  void for_each_piece(const std::function<void(std::string_view)>& visit) const;
  /// What comes in the file behind the share, as much as a record may have, in UTF-8.
  std::string following() const;
  /// The number of the line with which this rank's first record begins. `next_line` follows on its last one. Collective.
  std::int64_t first_record_line(std::int64_t next_line, mpi::Communicator& communicator) const;

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
