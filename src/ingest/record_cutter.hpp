#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/delimited_reader.hpp"
#include "ingest/field_splitter.hpp"
#include "ingest/text_file.hpp"

namespace gemel::ingest {

/// Finds records of several lines: those in which a field in double quotes has line ends (RFC 4180). Where a line has a quote without an end,
/// it goes on to the first line after it that ends the quote and leaves none open. Only if it then has the right number of fields it is a
/// record; otherwise the first line is one by itself, and so are those after it. So a quote that was forgotten costs its own line alone.
class RecordJoiner {
 public:
  static constexpr std::int64_t most_lines = 1000;
  static constexpr std::size_t most_bytes = std::size_t{1} << 20;

  static constexpr std::size_t any_fields = 0;

  /// `fields`: the right number.
  RecordJoiner(Separator separator, std::size_t fields) : split_(separator), fields_(fields) {}

  struct Record {
    std::string_view text;    ///< without its last line end
    std::int64_t lines = 0;   ///< 0: there is none of several lines
    bool is_unclear = false;  ///< there is none, but there may be one with the lines after `text`
  };
  /// The record at the beginning of `text`, whose first line leaves a quote open.
  Record operator()(std::string_view text);

  /// Whether lines may be joined to `line` because it leaves a quote open.
  bool is_open(std::string_view line);

 private:
  FieldSplitter split_;
  std::size_t fields_;
};

/// The lines of a sample as records whose fields such a separator cuts, as many of them as the first one has.
std::vector<SampleLine> records_of(const std::vector<SampleLine>& lines, Separator separator);

/// Line numbers [begin, end).
struct LineRange {
  std::int64_t begin = 1;
  std::int64_t end = std::numeric_limits<std::int64_t>::max();
};

/// Cuts text, which comes piece by piece, into records: lines as a rule.
class RecordCutter {
 public:
  /// The text begins with line `first_line`. Only records that begin in one of `lines` are cut.
  RecordCutter(RecordJoiner joiner, std::int64_t first_line, LineRange lines)
      : join_(std::move(joiner)),
        lines_(lines),
        line_{.number = first_line, .text = {}, .fields = {}, .is_whole = false} {}

  /// Calls visit(const Line&) for each record that ends in `piece`, which are whole lines, or in an earlier one. Where `line.is_whole` is
  /// false it must return whether the line leaves no quote open, and pass over one that does: it comes again, as a record.
  template <class Visit>
  void add(std::string_view piece, Visit& visit) {
    kept_.empty() ? keep(cut(piece, false, visit)) : add_kept(piece, false, visit);
  }
  /// The same with `piece` as the last one.
  template <class Visit>
  void finish(std::string_view piece, Visit& visit) {
    add_kept(piece, true, visit);
  }

  /// Whether a record may go on in the next piece.
  bool is_within_record() const { return !kept_.empty(); }
  /// The number of the line after those that were cut.
  std::int64_t next_line() const { return line_.number; }

 private:
  template <class Visit>
  void add_kept(std::string_view piece, bool is_last, Visit& visit) {
    const std::string text = std::exchange(kept_, {}).append(piece);
    keep(cut(text, is_last, visit));
  }
  void keep(std::string_view rest) { kept_.assign(rest); }

  /// Returns what may be a record with the next piece.
  template <class Visit>
  std::string_view cut(std::string_view text, bool is_last, Visit& visit) {
    while (!text.empty() && line_.number < lines_.end) {
      std::string_view rest = text;
      line_.text = DelimitedText::take_line(rest);
      std::int64_t lines = 1;
      if (line_.number >= lines_.begin && !visit(std::as_const(line_))) {
        const RecordJoiner::Record record = join_(text);
        if (record.is_unclear && !is_last) return text;
        if (record.lines > 0) {
          line_.text = record.text;
          lines = record.lines;
          rest = text.substr(record.text.size());
          DelimitedText::take_line(rest);  // what is left of the last line: its end
        }
        line_.is_whole = true;
        visit(std::as_const(line_));
        line_.is_whole = false;
      }
      text = rest;
      line_.number += lines;
    }
    return {};
  }

  RecordJoiner join_;
  LineRange lines_;
  Line line_;         // that is cut next
  std::string kept_;  // lines at the end of the last piece
};

}  // namespace gemel::ingest
