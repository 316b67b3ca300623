#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/file_bytes.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// One line of a text file, without its line end (LF or CRLF), or a record of several lines, which has line ends inside (RecordJoiner). Valid
/// only while the text that holds it is.
struct Line {
  std::int64_t number = 0;  ///< in the whole file; 1 is the first; of a record that of its first line
  std::string_view text;
  std::vector<std::string_view> fields;  ///< never empty: a blank line has one empty field
  bool is_whole =
      true;  ///< false: with a quote without an end it may be no more than the beginning of a record
};

/// The lines of a text file, in memory.
class DelimitedText {
 public:
  DelimitedText(std::string text, std::string separator)
      : text_(std::move(text)), separator_(std::move(separator)) {}

  /// Calls visit(const Line&) for each line, in order.
  template <class Visit>
  void for_each_line(Visit visit) const {
    Line line{.number = 1, .text = {}, .fields = {}};
    for (std::string_view rest = text_; !rest.empty(); ++line.number) {
      line.text = take_line(rest);
      split(line.text, line.fields);
      visit(std::as_const(line));
    }
  }

  /// Takes the first line of `rest`, without its end.
  static std::string_view take_line(std::string_view& rest);

  /// The same lines with other characters.
  DelimitedText with_text(std::string text) const { return {std::move(text), separator_}; }

  std::string_view text() const { return text_; }

 private:
  void split(std::string_view line, std::vector<std::string_view>& fields) const;

  std::string text_;
  std::string separator_;
};

/// All lines of a file, on every rank: root reads, the others are told. Collective. Throws
/// mpi::AgreedError (data) when it cannot be read.
DelimitedText read_whole(const std::filesystem::path& path, std::string_view separator,
                         mpi::Communicator& communicator);

/// The whole of `text` as a decimal number, if it is one.
std::optional<std::int64_t> parse_number(std::string_view text);

}  // namespace gemel::ingest
